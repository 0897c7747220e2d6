variable "database" {
  description = "The Firestore database's name."
  type        = string
  default     = "postroom"
}

variable "firestore_location" {
  description = "Where the data lies, if not in the region: eur3 or nam5. It can never be changed."
  type        = string
  default     = null
}

variable "point_in_time_recovery" {
  description = "Keep seven days of versions of the database."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Refuse to destroy the database and the key."
  type        = bool
  default     = true
}

variable "key_protection_level" {
  description = "SOFTWARE or HSM."
  type        = string
  default     = "SOFTWARE"
}

variable "requests_per_minute" {
  description = "Requests a minute from one address before the load balancer answers 429; 0 does without Cloud Armor."
  type        = number
  default     = 6000
}

variable "further_proxies" {
  description = "How many proxies of your own stand in front, such as a CDN: each adds an address to X-Forwarded-For."
  type        = number
  default     = 0

  validation {
    condition     = var.further_proxies >= 0 && floor(var.further_proxies) == var.further_proxies
    error_message = "further_proxies is a whole number from 0 on."
  }
}

variable "telemetry" {
  description = "Send OpenTelemetry traces and metrics to Cloud Trace and Cloud Monitoring; a cold start then takes some 100 ms longer."
  type        = bool
  default     = false
}
