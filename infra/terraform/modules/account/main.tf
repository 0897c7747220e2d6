resource "google_service_account" "this" {
  project      = var.project
  account_id   = var.account_id
  display_name = var.display_name
}

# A right given to an account that is not seen yet is refused: all who name it wait (FACTS 18.4).
resource "time_sleep" "seen" {
  create_duration = "30s"
  triggers        = { account = google_service_account.this.account_id }
}

# Reading and writing this one database, and no other of the project.
resource "google_project_iam_member" "store" {
  for_each = toset(contains(var.needs, "store") ? ["store"] : [])
  project  = var.project
  role     = "roles/datastore.user"
  member   = local.member

  condition {
    title      = "postroom-database"
    expression = "resource.name == 'projects/${var.project}/databases/${var.resources.database}'"
  }
}

resource "google_cloud_tasks_queue_iam_member" "queue" {
  for_each = toset(contains(var.needs, "queue") ? var.resources.queues : [])
  project  = var.project
  location = var.region
  name     = each.value
  role     = "roles/cloudtasks.enqueuer"
  member   = local.member
}

# A task carries a token of the tasks account: the account that enqueues must be allowed to name it.
resource "google_service_account_iam_member" "tasks" {
  for_each           = toset(contains(var.needs, "queue") ? ["tasks"] : [])
  service_account_id = var.resources.tasks_account
  role               = "roles/iam.serviceAccountUser"
  member             = local.member
}

resource "google_kms_crypto_key_iam_member" "keys" {
  for_each      = toset(contains(var.needs, "keys") ? ["keys"] : [])
  crypto_key_id = var.resources.crypto_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = local.member
}

resource "google_secret_manager_secret_iam_member" "oauth" {
  for_each  = toset(contains(var.needs, "oauth") ? ["oauth"] : [])
  project   = var.project
  secret_id = var.resources.oauth_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

resource "google_secret_manager_secret_iam_member" "webhooks" {
  for_each  = toset(contains(var.needs, "webhooks") && try(var.resources.hooks_secret, null) != null ? ["webhooks"] : [])
  project   = var.project
  secret_id = var.resources.hooks_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

resource "google_pubsub_topic_iam_member" "events" {
  for_each = toset(contains(var.needs, "events") ? ["events"] : [])
  project  = var.project
  topic    = var.resources.events_topic
  role     = "roles/pubsub.publisher"
  member   = local.member
}
