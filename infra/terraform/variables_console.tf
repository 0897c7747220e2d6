variable "console_key_hashes" {
  description = "SHA-256, in hex, of the keys that open the console; never the keys."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.console_key_hashes : can(regex("^[0-9a-f]{64}$", one))])
    error_message = "Give hashes: printf %s \"$KEY\" | sha256sum."
  }
}

variable "console_operators" {
  description = "Who may change things in the console, signed in with Google: addresses, or @domain for a whole Workspace domain."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.console_operators : can(regex("^[^@, ]*@[^@, ]+$", one))])
    error_message = "Give e-mail addresses, or @domain."
  }
}

variable "console_viewers" {
  description = "Who may look at the console and change nothing; as console_operators."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for one in var.console_viewers : can(regex("^[^@, ]*@[^@, ]+$", one))])
    error_message = "Give e-mail addresses, or @domain."
  }
}
