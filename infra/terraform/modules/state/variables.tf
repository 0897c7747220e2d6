variable "project" {
  description = "The project's id."
  type        = string
}

variable "location" {
  description = "Where the data lies: a region, or eur3 or nam5 for several. It can never be changed."
  type        = string
}

variable "database" {
  description = "The database's name."
  type        = string
  default     = "postroom"

  validation {
    condition     = var.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.database))
    error_message = "The database is (default), or 4 to 63 lower-case letters, digits and hyphens."
  }
}

variable "point_in_time_recovery" {
  description = "Keep seven days of versions, to read or restore any minute of them."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Refuse to delete the database. Take it off, apply, then destroy."
  type        = bool
  default     = true
}

variable "backup_days" {
  description = "How long each day's backup is kept; 0 for none."
  type        = number
  default     = 7
}
