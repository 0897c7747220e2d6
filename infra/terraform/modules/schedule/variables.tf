variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "The job's region."
  type        = string
}

variable "name" {
  description = "The job's name."
  type        = string
}

variable "description" {
  description = "What the job is for, in one line."
  type        = string
}

variable "schedule" {
  description = "When it runs, in cron's five fields, UTC."
  type        = string

  validation {
    condition     = length(split(" ", var.schedule)) == 5
    error_message = "A schedule has five fields."
  }
}

variable "url" {
  description = "The called function's own address, which is also the tokens' audience."
  type        = string
}

variable "path" {
  description = "The path to post to."
  type        = string

  validation {
    condition     = startswith(var.path, "/jobs/")
    error_message = "Jobs live under /jobs/."
  }
}

variable "scheduler_account" {
  description = "The service account that signs the calls; the function's only invoker."
  type        = string
}

variable "deadline_s" {
  description = "How long one run may take (FACTS 8.12)."
  type        = number
  default     = 180
}

variable "paused" {
  description = "Keep the job and do not run it."
  type        = bool
  default     = false
}
