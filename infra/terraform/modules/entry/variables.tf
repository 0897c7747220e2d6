variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "The functions' region."
  type        = string
}

variable "name" {
  description = "The load balancer's name."
  type        = string
}

variable "domain" {
  description = "The one host, such as mail.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain is a host name without a scheme, such as mail.example.com."
  }
}

variable "services" {
  description = "The deployed service of each public function, by the function's name."
  type        = map(string)
}

variable "paths" {
  description = "The paths of each public function, by its name; the one with / takes the rest."
  type        = map(list(string))

  validation {
    condition     = length([for paths in values(var.paths) : paths if contains(paths, "/")]) == 1
    error_message = "Exactly one function takes what no other one names."
  }

  validation {
    condition     = toset(keys(var.paths)) == toset(keys(var.services))
    error_message = "paths and services must name the same functions."
  }
}

variable "requests_per_minute" {
  description = "Above this many requests a minute from one address the answer is 429. A product's backend calls from few addresses: leave it room. 0 does without Cloud Armor."
  type        = number
  default     = 6000

  validation {
    condition     = var.requests_per_minute == 0 || var.requests_per_minute >= 60
    error_message = "requests_per_minute must be 0, or at least 60."
  }
}
