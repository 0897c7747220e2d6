output "topic" {
  description = "The name of the topic deliver_event publishes to."
  value       = google_pubsub_topic.events.name
}

output "dead_letters" {
  description = "Where undelivered messages wait, by what they are."
  value       = google_pubsub_subscription.dead.name
}

output "subscription" {
  description = "The subscription to pull from."
  value       = google_pubsub_subscription.events.id
}

output "attempts" {
  description = "After how many attempts a message becomes a dead letter; 0 for never."
  value       = sum(concat([0], google_pubsub_subscription.events.dead_letter_policy[*].max_delivery_attempts))
}
