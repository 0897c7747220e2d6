variable "own_secrets" {
  description = "Secrets that modules in shared/actions/custom/ declare: each name, with a number that is raised by one to store another value."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for name, version in var.own_secrets : can(regex("^[A-Z][A-Z0-9_]{0,63}$", name)) && version >= 1 && floor(version) == version])
    error_message = "A secret is named like LLM_KEY, and its number is a whole one from 1 on."
  }

  validation {
    condition     = alltrue([for name, version in var.own_secrets : !can(regex("^((POSTROOM|GOOGLE|X_GOOGLE|GCLOUD|K|FUNCTION|CLOUD_RUN)_.*|PORT|PATH|HOME)$", name))])
    error_message = "These names are the deployment's or the platform's own."
  }
}

variable "own_secret_values" {
  description = "Their values, from TF_VAR_own_secret_values as JSON. Kept by Secret Manager, never by the state."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
  default     = {}
}
