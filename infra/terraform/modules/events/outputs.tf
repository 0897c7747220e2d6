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
