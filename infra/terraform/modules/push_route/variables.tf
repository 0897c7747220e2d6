variable "project" {
  description = "The project of the OAuth client: Gmail publishes to no other (FACTS 2.1)."
  type        = string
}

variable "region" {
  description = "The only region that keeps notifications."
  type        = string
}

variable "name" {
  description = "Prefix of topics and subscriptions."
  type        = string
}

variable "url" {
  description = "The receiving function's own address, which is also the tokens' audience."
  type        = string

  validation {
    condition     = can(regex("^https://[^/]+$", var.url))
    error_message = "url is https, a host, and nothing after it."
  }
}

variable "push_account" {
  description = "The service account that signs pushes; the function's only invoker."
  type        = string
}

variable "pubsub_agent" {
  description = "The address of the project's Pub/Sub service agent."
  type        = string
}

variable "ack_deadline_s" {
  description = "How long one push may take. The function does eight seconds of work at most."
  type        = number
  default     = 60

  validation {
    condition     = var.ack_deadline_s >= 10 && var.ack_deadline_s <= 600
    error_message = "ack_deadline_s must lie between 10 and 600."
  }
}
