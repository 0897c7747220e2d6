variable "oauth_client_id" {
  description = "The OAuth client's id, of type web application."
  type        = string

  validation {
    condition     = endswith(var.oauth_client_id, ".apps.googleusercontent.com")
    error_message = "An OAuth client's id ends in .apps.googleusercontent.com."
  }
}

variable "oauth_client_secret" {
  description = "Its secret, from TF_VAR_oauth_client_secret. Kept by Secret Manager, never by the state."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null
}

variable "oauth_client_secret_version" {
  description = "Raise it by one to store another secret."
  type        = number
  default     = 1
}

variable "publishing" {
  description = "The consent screen's state: production, internal, or testing, where grants die after seven days (FACTS 6.6)."
  type        = string
  default     = "production"

  validation {
    condition     = contains(["production", "internal", "testing"], var.publishing)
    error_message = "publishing must be production, internal or testing."
  }
}

variable "product_name" {
  description = "What the connect page calls your product."
  type        = string
}

variable "product_origins" {
  description = "Where the connect page may be framed, such as https://app.example.com."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.product_origins : can(regex("^https://[^/]+$", one))])
    error_message = "An origin is https, a host, and nothing after it."
  }
}

variable "api_key_hashes" {
  description = "SHA-256, in hex, of the root API keys; never the keys."
  type        = list(string)

  validation {
    condition     = alltrue([for one in var.api_key_hashes : can(regex("^[0-9a-f]{64}$", one))])
    error_message = "Give hashes: printf %s \"$KEY\" | sha256sum."
  }
}

variable "units_per_minute" {
  description = "Gmail units a user and minute; 15000 for projects from before May 2026 (FACTS 1.1)."
  type        = number
  default     = 6000

  validation {
    condition     = var.units_per_minute >= 600
    error_message = "Below 600 units a minute no backfill makes progress."
  }
}

variable "project_units_per_minute" {
  description = "Gmail units the whole project has a minute (FACTS 1.1)."
  type        = number
  default     = 1200000
}

variable "alert_emails" {
  description = "Who is told when something is wrong."
  type        = set(string)
  default     = []
}

variable "budget" {
  description = "A monthly amount to be warned about; null for none."
  type        = object({ billing_account = string, units = number })
  default     = null
}
