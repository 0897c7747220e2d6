variable "brand_colour" {
  description = "The colour of the connect page's button and marks, such as #1f5fe0. Empty: Postroom's own."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(#[0-9a-fA-F]{6})?$", var.brand_colour))
    error_message = "A colour is # and six hexadecimal digits."
  }
}

variable "brand_logo" {
  description = "Your logo at the top of the connect page: its https address, or the image itself as data:image/png;base64,... Empty: none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(https://[^ ]+|data:image/(png|jpeg|webp|gif|svg\\+xml);base64,[A-Za-z0-9+/]+={0,2})?$", var.brand_logo))
    error_message = "A logo is an https address, or data:image/...;base64,..."
  }
}
