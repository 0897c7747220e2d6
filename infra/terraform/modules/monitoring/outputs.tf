output "policies" {
  description = "The alert policies' names."
  value       = concat([for one in google_monitoring_alert_policy.threshold : one.display_name], [google_monitoring_alert_policy.silence.display_name])
}
