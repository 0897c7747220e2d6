# What follows from the map of functions: names, addresses, secrets and scheduled jobs.
locals {
  # Own syncs have a function of their own, and only where there are some.
  own_syncs = var.own_syncs || length(var.ready_syncs) > 0
  deployed  = { for name, one in local.functions : name => one if name != "sync_models" || local.own_syncs }

  # Kept in Secret Manager, and given only to the functions with the need of that name.
  secrets = {
    for name, one in local.deployed : name => merge(
      contains(one.needs, "oauth") ? { POSTROOM_OAUTH_CLIENT_SECRET = module.secrets.oauth_client } : {},
      contains(one.needs, "webhooks") && var.webhook_secret_version > 0 ? { POSTROOM_WEBHOOK_SECRET = module.secrets.webhooks } : {},
      contains(local.own_code, name) ? module.secrets.own : {},
    )
  }

  public   = { for name, one in local.deployed : name => one if one.trigger == "public" }
  service  = { for name, one in local.deployed : name => "${var.name}-${replace(name, "_", "-")}" }
  balanced = var.entry == "load_balancer"

  # Cloud Run promises this address before the service exists; it is the one audience the
  # platform accepts there, so it needs no second place to be configured.
  url         = { for name, service in local.service : name => "https://${service}-${local.number}.${var.region}.run.app" }
  public_url  = local.balanced ? "https://${var.domain}" : local.url.oauth_callback
  console_url = local.balanced ? local.public_url : local.url.console
  jobs = merge([
    for name, one in local.deployed : {
      for job, details in lookup(one, "jobs", {}) : job => merge(details, { function = name })
    }
  ]...)
}
