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
