variable "project" {
  description = "The project's id."
  type        = string
}

variable "name" {
  description = "Prefix of the secrets' names."
  type        = string
}

variable "location" {
  description = "The region that keeps them."
  type        = string
}

variable "oauth_client_secret" {
  description = "The OAuth client's secret. Needed whenever its version number changes."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null
}

variable "oauth_client_secret_version" {
  description = "Raise it by one to store another value."
  type        = number
  default     = 1

  validation {
    condition     = var.oauth_client_secret_version >= 1 && floor(var.oauth_client_secret_version) == var.oauth_client_secret_version
    error_message = "oauth_client_secret_version is a whole number from 1 on."
  }
}

variable "webhook_secret" {
  description = "What signs webhooks to a connection's own address: whsec_..., two with a comma while one replaces the other."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null
}

variable "webhook_secret_version" {
  description = "0 for none; raise it by one to store another value."
  type        = number
  default     = 0
}

variable "own_secrets" {
  description = "Secrets of own code by name; raise a number by one to store another value."
  type        = map(number)
  default     = {}
}

variable "own_secret_values" {
  description = "Their values. Needed whenever a number changes."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
  default     = {}
}
