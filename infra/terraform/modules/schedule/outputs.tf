output "name" {
  description = "The job's name."
  value       = google_cloud_scheduler_job.this.name
}

output "audience" {
  description = "What the calls' tokens are for."
  value       = one(one(google_cloud_scheduler_job.this.http_target).oidc_token).audience
}
