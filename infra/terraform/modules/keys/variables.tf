variable "project" {
  description = "The project's id."
  type        = string
}

variable "name" {
  description = "The key ring's name. Key rings cannot be deleted, only left behind."
  type        = string
}

variable "location" {
  description = "Where the key lives: the functions' region."
  type        = string
}

variable "rotation_days" {
  description = "How often a new version becomes the one that wraps."
  type        = number
  default     = 90

  validation {
    condition     = var.rotation_days >= 1 && var.rotation_days <= 365
    error_message = "rotation_days must lie between 1 and 365."
  }
}

variable "protection_level" {
  description = "SOFTWARE, or HSM at about fifty times the price (FACTS 10.2)."
  type        = string
  default     = "SOFTWARE"

  validation {
    condition     = contains(["SOFTWARE", "HSM"], var.protection_level)
    error_message = "protection_level must be SOFTWARE or HSM."
  }
}

variable "deletion_protection" {
  description = "Refuse to destroy the key: without it no grant can ever be opened again."
  type        = bool
  default     = true
}
