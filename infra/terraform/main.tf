data "google_project" "this" {
  project_id = var.project
}

locals {
  number       = data.google_project.this.number
  pubsub_agent = "service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  # Half of the project's Gmail units for backfills, half for everything that is live (FACTS 1.4);
  # and half of the instances' places, for a task without a place only comes again. Most of what is
  # live are looks of two units; twenty leave room for the mail that some of them find.
  backfills       = max(1, min(floor(0.5 * var.project_units_per_minute / var.units_per_minute), floor(local.places.sync_mailbox / 2)))
  live_per_second = min(500, max(1, floor(0.5 * var.project_units_per_minute / 60 / 20)))
  # An instance gives a receiver four places at once (shared/usecases/events/places.py): with forty
  # for each instance that is a tenth. What comes again has a queue of its own. An instance of
  # gmail_push gives four as well, for two seconds at most.
  deliverers = tonumber(local.sizes.deliver_event.max_instances)
  queues = {
    live    = { concurrent = min(5000, sum(values(local.places)) - local.backfills), per_second = local.live_per_second }
    bulk    = { concurrent = local.backfills, per_second = local.backfills }
    events  = { concurrent = 40 * local.deliverers, per_second = 500 }
    models  = { concurrent = 50, per_second = 50 }
    retries = { concurrent = 10 * local.deliverers, per_second = 100 }
  }
}

resource "google_project_service" "this" {
  for_each           = local.apis
  project            = var.project
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}

module "state" {
  source                 = "./modules/state"
  project                = var.project
  location               = coalesce(var.firestore_location, var.region)
  database               = var.database
  point_in_time_recovery = var.point_in_time_recovery
  backup_days            = var.backup_days
  deletion_protection    = var.deletion_protection
  depends_on             = [time_sleep.apis]
}

module "keys" {
  source              = "./modules/keys"
  project             = var.project
  name                = local.key_ring
  location            = var.region
  protection_level    = var.key_protection_level
  deletion_protection = var.deletion_protection
  depends_on          = [time_sleep.apis]
}

module "secrets" {
  source                      = "./modules/secrets"
  project                     = var.project
  name                        = var.name
  location                    = var.region
  oauth_client_secret         = var.oauth_client_secret
  oauth_client_secret_version = var.oauth_client_secret_version
  webhook_secret              = var.webhook_secret
  webhook_secret_version      = var.webhook_secret_version
  own_secrets                 = var.own_secrets
  own_secret_values           = var.own_secret_values
  depends_on                  = [time_sleep.apis]
}

module "task_queue" {
  source         = "./modules/task_queue"
  for_each       = local.queues
  project        = var.project
  location       = var.region
  name           = each.key
  max_concurrent = each.value.concurrent
  max_per_second = each.value.per_second
  depends_on     = [time_sleep.apis]
}

module "push_route" {
  source       = "./modules/push_route"
  project      = var.project
  region       = var.region
  name         = var.name
  url          = local.url.gmail_push
  push_account = module.caller["push"].email
  pubsub_agent = local.pubsub_agent
  depends_on   = [time_sleep.apis]
}

module "events" {
  source       = "./modules/events"
  project      = var.project
  region       = var.region
  name         = var.name
  pubsub_agent = local.pubsub_agent
  consumers    = var.event_consumers
  depends_on   = [time_sleep.apis]
}
