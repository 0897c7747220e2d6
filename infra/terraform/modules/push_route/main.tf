resource "google_pubsub_topic" "gmail" {
  project = var.project
  name    = "${var.name}-gmail"

  # Notifications name the mailbox: they stay in the region.
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# Gmail publishes under one account for all the world (FACTS 2.8).
resource "google_pubsub_topic_iam_member" "gmail" {
  project = var.project
  topic   = google_pubsub_topic.gmail.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:gmail-api-push@system.gserviceaccount.com"
}

resource "google_pubsub_topic" "dead" {
  project = var.project
  name    = "${var.name}-gmail-dead"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "dead" {
  project                    = var.project
  name                       = "${var.name}-gmail-dead"
  topic                      = google_pubsub_topic.dead.id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "push" {
  project = var.project
  name    = "${var.name}-gmail-push"
  topic   = google_pubsub_topic.gmail.id

  # The deadline is the request's timeout (FACTS 7.7). A notification is a hint: a day old it
  # says nothing that the hourly look at every mailbox has not found.
  ack_deadline_seconds       = var.ack_deadline_s
  message_retention_duration = "86400s"

  push_config {
    push_endpoint = "${var.url}/push/gmail"

    oidc_token {
      service_account_email = var.push_account
      audience              = var.url
    }
  }

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

  depends_on = [google_pubsub_topic_iam_member.dead, google_service_account_iam_member.agent]
}

# Pub/Sub signs in the push account's name; in older projects only where it is told to (FACTS 7.4).
resource "google_service_account_iam_member" "agent" {
  service_account_id = "projects/${var.project}/serviceAccounts/${var.push_account}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${var.pubsub_agent}"
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
  subscription = google_pubsub_subscription.push.name
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:${var.pubsub_agent}"
}
