variable "publish_events" {
  description = "Publish every event to the deployment's own topic."
  type        = bool
  default     = false
}

variable "event_sinks" {
  description = "Further sinks of every event: pubsub:projects/P/topics/T (grant deliver_event's account the right there) or sqs:QUEUE-URL."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.event_sinks : can(regex("^(pubsub:projects/[^/]+/topics/[^/]+|sqs:https://[^ ]+)$", one))])
    error_message = "A sink is pubsub:projects/P/topics/T or sqs:QUEUE-URL."
  }
}

variable "sqs_role" {
  description = "The ARN of the AWS role that may send to the queues; its trust names deliver_event's account."
  type        = string
  default     = ""

  validation {
    condition     = var.sqs_role != "" || length([for one in var.event_sinks : one if startswith(one, "sqs:")]) == 0
    error_message = "An SQS sink needs sqs_role."
  }
}

variable "event_consumers" {
  description = "Who may pull events from the topic's subscription, under names of your choice."
  type        = map(string)
  default     = {}
}

variable "webhook_allow" {
  description = "Hosts, with or without a port, that webhooks may go to although they are private."
  type        = list(string)
  default     = []
}

variable "webhook_flavour" {
  description = "The form of webhooks to a connection's own address: postroom, or nango for receivers that were written for Nango; webhook_secret is then any text that they verify with."
  type        = string
  default     = "postroom"

  validation {
    condition     = contains(["postroom", "nango"], var.webhook_flavour)
    error_message = "webhook_flavour is postroom or nango."
  }
}

variable "webhook_secret" {
  description = "What signs webhooks to a connection's own address, from TF_VAR_webhook_secret. Kept by Secret Manager, never by the state."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null
}

variable "webhook_secret_version" {
  description = "0 for none; raise it by one to store another secret."
  type        = number
  default     = 0

  validation {
    condition     = var.webhook_secret_version >= 0 && floor(var.webhook_secret_version) == var.webhook_secret_version
    error_message = "webhook_secret_version is a whole number from 0 on."
  }
}
