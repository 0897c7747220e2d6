variable "bucket" {
  description = "The bucket that keeps the archives."
  type        = string
}

variable "name" {
  description = "The function's name: directory, entry point and key of the map of functions."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{1,29}$", var.name))
    error_message = "A function's name has 2 to 30 lower-case letters, digits or underscores."
  }
}

variable "path" {
  description = "The zip file that `make bundle` built."
  type        = string

  validation {
    condition     = fileexists(var.path)
    error_message = "This archive does not exist. Build it first: make bundle."
  }
}
