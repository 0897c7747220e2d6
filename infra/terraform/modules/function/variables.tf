variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "Where the function runs."
  type        = string
}

variable "name" {
  description = "The function's name: directory, entry point and key of the map of functions."
  type        = string
}

variable "service" {
  description = "The deployed service's name; part of its address."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", var.service))
    error_message = "Up to 49 lower-case letters, digits and hyphens, so that the address stays predictable."
  }
}

variable "description" {
  description = "What the function does, in one line."
  type        = string
}

variable "runtime" {
  description = "The platform's Python."
  type        = string
  default     = "python313"

  validation {
    condition     = contains(["python311", "python312", "python313"], var.runtime)
    error_message = "Tested with python311, python312 and python313."
  }
}

variable "archive" {
  description = "Bucket and object of the source archive."
  type        = object({ bucket = string, object = string })
}

variable "build" {
  description = "Who builds the image, and the repository that keeps it."
  type        = object({ service_account = string, repository = string })
}

variable "service_account" {
  description = "The function's own service account."
  type        = string

  validation {
    condition     = !endswith(var.service_account, "-compute@developer.gserviceaccount.com")
    error_message = "No function runs as the default service account."
  }
}
