variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "The only region that keeps messages."
  type        = string
}

variable "name" {
  description = "Prefix of topics and subscriptions."
  type        = string
}

variable "pubsub_agent" {
  description = "The address of the project's Pub/Sub service agent."
  type        = string
}

variable "consumers" {
  description = "Who may pull events (serviceAccount:... or group:...), under names of your choice."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for one in values(var.consumers) : can(regex("^(serviceAccount|group|user):", one))])
    error_message = "A consumer is a service account, group or user; never allUsers."
  }
}
