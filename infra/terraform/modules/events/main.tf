# Where deliver_event publishes for products that prefer a topic to a webhook.
resource "google_pubsub_topic" "events" {
  project                    = var.project
  name                       = "${var.name}-events"
  message_retention_duration = "604800s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_topic" "dead" {
  project = var.project
  name    = "${var.name}-events-dead"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "dead" {
  project                    = var.project
  name                       = "${var.name}-events-dead"
  topic                      = google_pubsub_topic.dead.id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}

# A first subscription, ready to pull from; a consumer reads on from the cursor it stored.
resource "google_pubsub_subscription" "events" {
  project                    = var.project
  name                       = "${var.name}-events"
  topic                      = google_pubsub_topic.events.id
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = 20
  }
}

# Pub/Sub itself moves dead letters: it needs both rights, or it moves none (FACTS 7.10).
resource "google_pubsub_topic_iam_member" "dead" {
  project = var.project
  topic   = google_pubsub_topic.dead.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:${var.pubsub_agent}"
}

resource "google_pubsub_subscription_iam_member" "dead" {
  project      = var.project
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:${var.pubsub_agent}"
}

resource "google_pubsub_subscription_iam_member" "consumers" {
  for_each     = var.consumers
  project      = var.project
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = each.value
}
