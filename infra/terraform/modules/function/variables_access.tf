variable "trigger" {
  description = "Who may invoke the function: public (anyone; it checks its callers itself), or push, tasks or scheduler."
  type        = string

  validation {
    condition     = contains(["public", "push", "tasks", "scheduler"], var.trigger)
    error_message = "trigger must be public, push, tasks or scheduler."
  }
}

variable "invoker" {
  description = "The one service account (serviceAccount:...) that may invoke a function that is not public."
  type        = string
  default     = null

  validation {
    condition     = (var.trigger == "public") == (var.invoker == null)
    error_message = "A private function needs exactly one invoker, a public one none."
  }

  validation {
    condition     = var.invoker == null || startswith(coalesce(var.invoker, "-"), "serviceAccount:")
    error_message = "Only a service account may invoke a private function: never allUsers or allAuthenticatedUsers."
  }
}

variable "unchecked" {
  description = "Let a public function do without an invoker: Cloud Run's check is taken off it after the deployment. A private one keeps its own whatever this says."
  type        = bool
  default     = false
}

variable "ingress" {
  description = "Which networks may reach the function."
  type        = string

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"], var.ingress)
    error_message = "ingress must be ALLOW_ALL, ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB."
  }
}

variable "environment" {
  description = "The POSTROOM_* settings that are no secrets."
  type        = map(string)

  validation {
    condition     = !contains(keys(var.environment), "POSTROOM_TOKEN_CHECK")
    error_message = "POSTROOM_TOKEN_CHECK follows from the invoker; it cannot be set by itself."
  }
}

variable "secrets" {
  description = "Settings kept in Secret Manager: secret and version by environment variable."
  type        = map(object({ secret = string, version = string }))
  default     = {}
}

variable "size" {
  description = "One instance, and how many of them. Concurrency above 1 takes a whole CPU (FACTS 8.2)."
  type = object({
    cpu           = optional(number, 1)
    memory        = optional(string, "512Mi")
    concurrency   = optional(number, 80)
    timeout_s     = optional(number, 60)
    min_instances = optional(number, 0)
    max_instances = optional(number, 20)
  })
  default = {}

  validation {
    condition     = var.size.concurrency == 1 || var.size.cpu >= 1
    error_message = "Concurrency above 1 needs at least one whole CPU."
  }

  validation {
    condition     = var.size.timeout_s >= 10 && var.size.timeout_s <= 3600
    error_message = "timeout_s must lie between 10 and 3600."
  }
}
