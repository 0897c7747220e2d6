# A task carries only an id, and the store knows what is due: a task given up is found again by
# reconcile, so nothing is lost with it.
resource "google_cloud_tasks_queue" "this" {
  project  = var.project
  location = var.location
  name     = var.name

  rate_limits {
    max_concurrent_dispatches = var.max_concurrent
    max_dispatches_per_second = var.max_per_second
  }

  retry_config {
    max_attempts       = -1
    max_retry_duration = "${var.give_up_after_s}s"
    min_backoff        = "2s"
    max_backoff        = "300s"
    max_doublings      = 7
  }

  stackdriver_logging_config {
    sampling_ratio = var.log_share
  }
}
