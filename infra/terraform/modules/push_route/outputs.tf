output "topic" {
  description = "The topic's full name: the value of POSTROOM_GMAIL_TOPIC."
  value       = "projects/${var.project}/topics/${google_pubsub_topic.gmail.name}"
}

output "subscription" {
  description = "The push subscription's name."
  value       = google_pubsub_subscription.push.name
}

output "dead_letters" {
  description = "The subscription that keeps what could not be delivered."
  value       = google_pubsub_subscription.dead.name
}

output "audience" {
  description = "What the pushes' tokens are for."
  value       = one(one(google_pubsub_subscription.push.push_config).oidc_token).audience
}

output "attempts" {
  description = "After how many attempts a message becomes a dead letter; 0 for never."
  value       = sum(concat([0], google_pubsub_subscription.push.dead_letter_policy[*].max_delivery_attempts))
}
