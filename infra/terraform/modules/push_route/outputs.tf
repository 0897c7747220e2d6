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
