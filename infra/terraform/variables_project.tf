variable "vcpu_quota" {
  description = "The vCPU that Cloud Run gives the project in the region: 20 in a new project (FACTS 18.2). The functions share them."
  type        = number
  default     = 20

  validation {
    condition     = var.vcpu_quota >= 12
    error_message = "Each of the eleven functions needs a vCPU, and sync_mailbox two."
  }
}

variable "instances_quota" {
  description = "The most instances of one function, where Google says so (maxScale may not exceed 10); null for no such limit."
  type        = number
  default     = null
}

variable "public_access" {
  description = "How callers without a Google identity reach the public functions: allUsers as their invoker, or unchecked, where the organisation's policy forbids that; then make deploy takes the check off with gcloud."
  type        = string
  default     = "allUsers"

  validation {
    condition     = contains(["allUsers", "unchecked"], var.public_access)
    error_message = "public_access must be allUsers or unchecked."
  }
}

variable "key_ring" {
  description = "The key ring's name; null for the deployment's. A ring is never deleted, so another deployment after a destroyed one takes another, or adopts it."
  type        = string
  default     = null
}

variable "adopt_keys" {
  description = "Take over a key ring and its key `grants` that exist already, from an earlier deployment or a state that was lost."
  type        = bool
  default     = false
}

variable "backup_days" {
  description = "How long the daily backups of the database are kept, up to 98 days; 0 for none. Erased mail lives on in them for so long."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 98 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days is a whole number from 0 to 98."
  }
}
