variable "project" {
  description = "The project's id."
  type        = string
}

variable "project_number" {
  description = "The project's number, as budgets name it."
  type        = string
}

variable "name" {
  description = "Prefix of metrics, policies and services."
  type        = string
}

variable "host" {
  description = "The host that answers /health."
  type        = string
}

variable "unlogged_services" {
  description = "The deployed services whose addresses carry tokens or words of mail."
  type        = list(string)
}

variable "push_subscription" {
  description = "The name of the push subscription."
  type        = string
}

variable "dead_letter_subscriptions" {
  description = "The subscriptions that keep dead letters."
  type        = list(string)
}

variable "emails" {
  description = "Who is told."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.emails : can(regex("^[^@ ]+@[^@ ]+$", one))])
    error_message = "emails must be e-mail addresses."
  }
}

variable "budget" {
  description = "Warn at 50, 90 and 120 % of this monthly amount, in the billing account's currency; null for none."
  type        = object({ billing_account = string, units = number })
  default     = null
}

variable "renewal_minutes" {
  description = "How often the job renew-watches runs."
  type        = number

  validation {
    condition     = var.renewal_minutes >= 1 && var.renewal_minutes <= 15
    error_message = "Within half an hour at least two runs must fail before a person is woken."
  }
}
