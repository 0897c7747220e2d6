terraform {
  required_version = "~> 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "8.7.0"
    }

    time = {
      source  = "hashicorp/time"
      version = "0.14.2"
    }
  }
}
