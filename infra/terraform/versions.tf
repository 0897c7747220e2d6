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

  # Bucket and prefix come from `make`: -backend-config.
  backend "gcs" {}
}

provider "google" {
  project               = var.project
  region                = var.region
  billing_project       = var.project
  user_project_override = true
  default_labels        = { app = var.name, environment = var.environment }
}
