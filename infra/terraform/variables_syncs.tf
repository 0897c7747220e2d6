variable "ready_syncs" {
  description = "Postroom's ready syncs to serve: contacts, filters, labels, send-as-aliases, threads."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.ready_syncs : contains(["contacts", "filters", "labels", "send-as-aliases", "threads"], one)])
    error_message = "The ready syncs are contacts, filters, labels, send-as-aliases and threads."
  }
}

variable "own_syncs" {
  description = "Whether shared/actions/custom/ has a SYNC: then the function sync_models is deployed."
  type        = bool
  default     = false
}
