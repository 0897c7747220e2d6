# Who signs calls to private functions: one account for each of Google's services that calls.
module "caller" {
  source       = "./modules/account"
  for_each     = { push = "Pub/Sub", tasks = "Cloud Tasks", scheduler = "Cloud Scheduler" }
  project      = var.project
  region       = var.region
  account_id   = "${var.name}-${each.key}-caller"
  display_name = "Signs what ${each.value} sends to Postroom"
  depends_on   = [time_sleep.apis]
}

# One account a function, with what its routes need and nothing else.
module "account" {
  source       = "./modules/account"
  for_each     = local.deployed
  project      = var.project
  region       = var.region
  account_id   = local.service[each.key]
  display_name = "Postroom: ${each.key}"
  needs        = each.value.needs

  resources = {
    database      = module.state.database
    queues        = [for queue in keys(local.queues) : queue]
    tasks_account = module.caller["tasks"].id
    crypto_key    = module.keys.crypto_key
    oauth_secret  = "${var.name}-oauth-client-secret"
    hooks_secret  = var.webhook_secret_version > 0 ? "${var.name}-webhook-secret" : null
    events_topic  = "${var.name}-events"
  }
  depends_on = [module.task_queue, module.secrets, module.events]
}

# Traces and metrics go to the project itself; there is no narrower place to write them.
resource "google_project_iam_member" "telemetry" {
  for_each = toset(var.telemetry ? keys(local.deployed) : [])
  project  = var.project
  role     = "roles/telemetry.writer"
  member   = module.account[each.key].member
}

# Who builds the images.
module "builder" {
  source       = "./modules/account"
  project      = var.project
  region       = var.region
  account_id   = "${var.name}-builder"
  display_name = "Builds Postroom's functions"
  depends_on   = [time_sleep.apis]
}

resource "google_project_iam_member" "builder_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = module.builder.member
}

# The platform copies the sources to a bucket of its own before it builds.
resource "google_project_iam_member" "builder_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = module.builder.member

  condition {
    title      = "sources-of-functions"
    expression = "resource.name.startsWith('projects/_/buckets/gcf-v2-sources-${local.number}-${var.region}')"
  }
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = module.builder.member
}
