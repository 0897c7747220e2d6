# What every function is told. The names are those of shared/edge/settings/deployment.py; a test parses
# the planned values with it.
locals {
  environment = {
    POSTROOM_ENVIRONMENT               = var.environment
    POSTROOM_PUBLIC_URL                = local.public_url
    POSTROOM_STORE                     = module.state.store
    POSTROOM_QUEUE                     = "cloud-tasks:projects/${var.project}/locations/${var.region}"
    POSTROOM_KEYRING                   = module.keys.keyring
    POSTROOM_TASKS_SERVICE_ACCOUNT     = module.caller["tasks"].email
    POSTROOM_PUSH_SERVICE_ACCOUNT      = module.caller["push"].email
    POSTROOM_SCHEDULER_SERVICE_ACCOUNT = module.caller["scheduler"].email
    POSTROOM_FUNCTION_URLS             = join(",", [for name, url in local.url : "${name}=${url}"])
    POSTROOM_GMAIL_TOPIC               = module.push_route.topic
    POSTROOM_OAUTH_CLIENT_ID           = var.oauth_client_id
    POSTROOM_PRODUCT_ORIGINS           = join(",", var.product_origins)
    POSTROOM_PRODUCT_NAME              = var.product_name
    POSTROOM_BRAND_COLOUR              = var.brand_colour
    POSTROOM_BRAND_LOGO                = var.brand_logo
    POSTROOM_API_KEYS                  = join(",", var.api_key_hashes)
    POSTROOM_CONSOLE_URL               = local.console_url
    POSTROOM_CONSOLE_KEYS              = join(",", var.console_key_hashes)
    POSTROOM_CONSOLE_OPERATORS         = join(",", var.console_operators)
    POSTROOM_CONSOLE_VIEWERS           = join(",", var.console_viewers)
    POSTROOM_INTEGRATION_ALIASES       = join(",", var.integration_aliases)
    POSTROOM_SYNC_ALIAS                = var.sync_alias
    POSTROOM_SYNCS                     = join(",", var.ready_syncs)
    POSTROOM_UNITS_PER_MINUTE          = tostring(var.units_per_minute)
    POSTROOM_PUBLISHING                = var.publishing
    POSTROOM_WEBHOOK_ALLOW             = join(",", var.webhook_allow)
    POSTROOM_WEBHOOK_FLAVOUR           = var.webhook_flavour
    POSTROOM_EVENT_SINKS               = join(",", concat(var.publish_events ? [local.topic_sink] : [], var.event_sinks))
    POSTROOM_SINK_CHOICES              = local.topic_sink
    POSTROOM_SQS_ROLE                  = var.sqs_role
    POSTROOM_BACKUP_DAYS               = tostring(max(var.backup_days, var.point_in_time_recovery ? 7 : 0))
    POSTROOM_TELEMETRY                 = var.telemetry ? "google" : ""

    # The balancer writes the caller's address before its own; without it the last one counts.
    POSTROOM_PROXY_HOPS = tostring((local.balanced ? 2 : 1) + var.further_proxies)
  }

  topic_sink = "pubsub:projects/${var.project}/topics/${module.events.topic}"

  apis = toset(concat([
    "artifactregistry", "cloudbuild", "cloudfunctions", "cloudkms", "cloudscheduler", "cloudtasks",
    "compute", "firestore", "gmail", "iam", "logging", "monitoring", "pubsub", "run",
    "secretmanager", "storage",
  ], local.balanced ? ["certificatemanager"] : [], var.telemetry ? ["cloudtrace", "telemetry"] : []))
}

module "schedule" {
  source            = "./modules/schedule"
  for_each          = local.jobs
  project           = var.project
  region            = var.region
  name              = "${var.name}-${each.key}"
  description       = local.functions[each.value.function].about
  schedule          = each.value.schedule
  url               = local.url[each.value.function]
  path              = each.value.path
  scheduler_account = module.caller["scheduler"].email
  deadline_s        = local.sizes[each.value.function].timeout_s
  depends_on        = [module.function]
}

module "entry" {
  source              = "./modules/entry"
  for_each            = toset(local.balanced ? ["https"] : [])
  project             = var.project
  region              = var.region
  name                = var.name
  domain              = var.domain
  services            = { for name in keys(local.public) : name => module.function[name].name }
  paths               = { for name, one in local.public : name => one.paths }
  requests_per_minute = var.requests_per_minute
}

module "monitoring" {
  source                    = "./modules/monitoring"
  project                   = var.project
  project_number            = local.number
  name                      = var.name
  host                      = trimprefix(local.balanced ? local.public_url : local.url.api, "https://")
  unlogged_services         = [for name, one in local.functions : local.service[name] if one.trigger == "public"]
  push_subscription         = module.push_route.subscription
  dead_letter_subscriptions = [module.push_route.dead_letters, module.events.dead_letters]
  renewal_minutes           = try(tonumber(regex("^[*]/([0-9]+) ", local.jobs.renew-watches.schedule)[0]), 1)
  emails                    = var.alert_emails
  budget                    = var.budget
  depends_on                = [time_sleep.apis]
}
