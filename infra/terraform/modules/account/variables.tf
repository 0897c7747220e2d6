variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "The region of the task queues."
  type        = string
}

variable "account_id" {
  description = "The part before the @, 6 to 30 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.account_id))
    error_message = "A service account's id has 6 to 30 lower-case letters, digits or hyphens."
  }
}

variable "display_name" {
  description = "What the account is for, as a person reads it in the console."
  type        = string
}

variable "needs" {
  description = "What the account may use: any of events, keys, oauth, queue, store, webhooks."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.needs, ["events", "keys", "oauth", "queue", "store", "webhooks"])) == 0
    error_message = "needs may name events, keys, oauth, queue, store and webhooks only."
  }
}

variable "resources" {
  description = "What each need stands for in this deployment."
  type = object({
    database      = string
    queues        = list(string)
    tasks_account = string
    crypto_key    = string
    oauth_secret  = string
    hooks_secret  = optional(string)
    events_topic  = string
  })
  default = null

  validation {
    condition     = length(var.needs) == 0 || var.resources != null
    error_message = "An account that needs anything must be told the resources."
  }
}
