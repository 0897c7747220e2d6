resource "google_cloud_scheduler_job" "this" {
  project          = var.project
  region           = var.region
  name             = var.name
  description      = var.description
  schedule         = var.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "${var.deadline_s}s"
  paused           = var.paused

  # What Google would do without it is not said (FACTS 8.12).
  retry_config {
    retry_count          = 2
    min_backoff_duration = "5s"
    max_backoff_duration = "60s"
    max_doublings        = 3
  }

  http_target {
    http_method = "POST"
    uri         = "${var.url}${var.path}"

    oidc_token {
      service_account_email = var.scheduler_account
      audience              = var.url
    }
  }
}
