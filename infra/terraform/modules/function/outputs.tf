output "name" {
  description = "The deployed service's name."
  value       = google_cloudfunctions2_function.this.name
}

output "uri" {
  description = "The address the platform reports."
  value       = google_cloudfunctions2_function.this.service_config[0].uri
}

output "members" {
  description = "Who may invoke it."
  value       = values(local.members)
}

output "token_check" {
  description = "Who verifies the signatures of callers' tokens: the function, or the platform before it."
  value       = google_cloudfunctions2_function.this.service_config[0].environment_variables["POSTROOM_TOKEN_CHECK"]
}

output "audience" {
  description = "What the function accepts tokens for."
  value       = var.environment["POSTROOM_TASKS_AUDIENCE"]
}

output "service_account" {
  description = "Who the function runs as."
  value       = google_cloudfunctions2_function.this.service_config[0].service_account_email
}
