variable "integration_aliases" {
  description = "What callers may call the integration besides google-mail, such as gmail."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.integration_aliases : can(regex("^[A-Za-z0-9~:.@_-]{1,64}$", one))])
    error_message = "An integration key is letters, digits and any of ~:.@_-, at most 64 of them."
  }
}

variable "sync_alias" {
  description = "What callers may call the mailbox's sync and its model besides, such as emails/GmailEmail; several joined by commas, the first of which webhooks name."
  type        = string
  default     = ""

  validation {
    condition     = var.sync_alias == "" || can(regex("^([a-z][a-z0-9-]{0,63}/[A-Z][A-Za-z0-9]{0,63}(,|$))+$", var.sync_alias))
    error_message = "An alias is the name of a sync and of a model, as emails/GmailEmail; several are joined by commas."
  }
}
