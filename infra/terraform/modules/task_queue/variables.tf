variable "project" {
  description = "The project's id."
  type        = string
}

variable "location" {
  description = "The queue's region: the functions' own."
  type        = string
}

variable "name" {
  description = "The queue's name, as the code knows it."
  type        = string

  validation {
    condition     = contains(["live", "bulk", "events", "models", "retries"], var.name)
    error_message = "The code knows the queues live, bulk, events, models and retries."
  }
}

variable "max_concurrent" {
  description = "How many tasks run at once (FACTS 8.10)."
  type        = number

  validation {
    condition     = var.max_concurrent >= 1 && var.max_concurrent <= 5000
    error_message = "max_concurrent must lie between 1 and 5000."
  }
}

variable "max_per_second" {
  description = "How many tasks start in a second (FACTS 8.10)."
  type        = number

  validation {
    condition     = var.max_per_second > 0 && var.max_per_second <= 500
    error_message = "max_per_second must lie above 0 and at most at 500."
  }
}

variable "give_up_after_s" {
  description = "After this long a task that keeps failing is left to reconcile."
  type        = number
  default     = 3600
}

variable "log_share" {
  description = "Which share of the attempts is logged, 0 to 1."
  type        = number
  default     = 0.1

  validation {
    condition     = var.log_share >= 0 && var.log_share <= 1
    error_message = "log_share must lie between 0 and 1."
  }
}
