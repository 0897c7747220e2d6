# The values are write-only: they reach Secret Manager and never the state or a plan.
resource "google_secret_manager_secret" "oauth_client" {
  project             = var.project
  secret_id           = "${var.name}-oauth-client-secret"
  deletion_protection = false

  replication {
    user_managed {
      replicas {
        location = var.location
      }
    }
  }
}

resource "google_secret_manager_secret_version" "oauth_client" {
  secret                 = google_secret_manager_secret.oauth_client.id
  secret_data_wo         = var.oauth_client_secret
  secret_data_wo_version = var.oauth_client_secret_version
}

resource "google_secret_manager_secret" "webhooks" {
  count               = var.webhook_secret_version > 0 ? 1 : 0
  project             = var.project
  secret_id           = "${var.name}-webhook-secret"
  deletion_protection = false

  replication {
    user_managed {
      replicas {
        location = var.location
      }
    }
  }
}

resource "google_secret_manager_secret_version" "webhooks" {
  count                  = var.webhook_secret_version > 0 ? 1 : 0
  secret                 = google_secret_manager_secret.webhooks[0].id
  secret_data_wo         = var.webhook_secret
  secret_data_wo_version = var.webhook_secret_version
}

# Of the deployment's own actions and syncs.
resource "google_secret_manager_secret" "own" {
  for_each            = var.own_secrets
  project             = var.project
  secret_id           = "${var.name}-own-${each.key}"
  deletion_protection = false

  replication {
    user_managed {
      replicas {
        location = var.location
      }
    }
  }
}

resource "google_secret_manager_secret_version" "own" {
  for_each               = var.own_secrets
  secret                 = google_secret_manager_secret.own[each.key].id
  secret_data_wo         = lookup(var.own_secret_values, each.key, null)
  secret_data_wo_version = each.value
}
