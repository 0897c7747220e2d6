variable "project" {
  description = "The project's id. The OAuth client must be this project's: Gmail publishes to no other (FACTS 2.1)."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project is a project id, not its name or number."
  }
}

variable "region" {
  description = "Where everything runs."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]$", var.region))
    error_message = "region is a region such as europe-west1, not a zone or a multi-region."
  }
}

variable "name" {
  description = "Prefix of everything created. One deployment a project: task queues have fixed names."
  type        = string
  default     = "postroom"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.name))
    error_message = "name has 2 to 12 lower-case letters and digits."
  }
}

variable "environment" {
  description = "What the deployment calls itself, such as dev or prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.environment))
    error_message = "environment has lower-case letters, digits and hyphens."
  }
}

variable "entry" {
  description = "load_balancer: one host for all paths, on your domain. function_urls: no domain and no load balancer; each public function has an address of its own."
  type        = string
  default     = "load_balancer"

  validation {
    condition     = contains(["load_balancer", "function_urls"], var.entry)
    error_message = "entry must be load_balancer or function_urls."
  }
}

variable "domain" {
  description = "The host of the load balancer, such as mail.example.com."
  type        = string
  default     = ""

  validation {
    condition     = (var.entry == "load_balancer") == (var.domain != "")
    error_message = "A load balancer needs a domain, and function addresses take none."
  }
}

variable "archives" {
  description = "The folder of the archives that `make bundle` built; null for build/archives."
  type        = string
  default     = null
}

variable "runtime" {
  description = "The platform's Python."
  type        = string
  default     = "python313"
}

variable "sizes" {
  description = "Changes to a function's size, by its name: memory, concurrency, timeout_s, min_instances, max_instances."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = alltrue([for one in values(var.sizes) : length(setsubtract(keys(one), ["cpu", "memory", "concurrency", "timeout_s", "min_instances", "max_instances"])) == 0])
    error_message = "A size has cpu, memory, concurrency, timeout_s, min_instances and max_instances."
  }
}
