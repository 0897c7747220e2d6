locals {
  # Counted from our own log lines, whose words are the code's: tests compare them.
  counted = {
    watch_failures   = "jsonPayload.message=\"job\" AND jsonPayload.task=\"renew-watches\" AND NOT jsonPayload.outcome=\"0 failed\""
    reconcile_runs   = "jsonPayload.message=\"job\" AND jsonPayload.task=\"reconcile\""
    silent_watches   = "jsonPayload.message=\"watch silent\""
    lost_watches     = "jsonPayload.message=\"watch stays silent\""
    refused          = "jsonPayload.message=\"deployment trouble\""
    surprises        = "jsonPayload.message=\"google surprise\""
    refresh_failures = "jsonPayload.message=\"token not refreshed\""
    events_given_up  = "jsonPayload.message=\"event given up\""
    dropped          = "jsonPayload.message=(\"task dropped\" OR \"push dropped\")"
    endpoints_lost   = "jsonPayload.message=\"endpoint disabled\""
    unexpected       = "jsonPayload.message=\"request failed\" AND jsonPayload.status=500"
  }
  channels = [for one in google_monitoring_notification_channel.email : one.id]
}

resource "google_logging_metric" "this" {
  for_each    = local.counted
  project     = var.project
  name        = "${var.name}/${each.key}"
  description = "Counted by Postroom's alert policies."
  filter      = "resource.type=\"cloud_run_revision\" AND ${each.value}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
}

# Addresses carry tokens and codes (connect page, callback, signed links), ids and what people look
# for in mail (console, proxy, records): of functions that anyone may call the platform's own request
# log is not kept. Their own line "request" has method, route, status and duration.
resource "google_logging_project_exclusion" "addresses_with_tokens" {
  project     = var.project
  name        = "${var.name}-addresses-with-tokens"
  description = "Requests to public functions, whose addresses carry tokens and words of mail."
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in var.unlogged_services : "\"${name}\""])}) AND log_id(\"run.googleapis.com/requests\")"
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.emails
  project      = var.project
  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_uptime_check_config" "api" {
  project      = var.project
  display_name = "${var.name} api"
  timeout      = "10s"
  period       = "300s"

  http_check {
    path         = "/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = var.host }
  }
}

resource "google_monitoring_dashboard" "this" {
  project = var.project
  dashboard_json = templatefile("${path.module}/dashboard.json.tftpl", {
    name         = var.name
    subscription = var.push_subscription
  })
}

resource "google_billing_budget" "this" {
  for_each        = var.budget == null ? {} : { budget = var.budget }
  billing_account = each.value.billing_account
  display_name    = var.name

  budget_filter {
    projects = ["projects/${var.project_number}"]
  }

  amount {
    specified_amount {
      units = tostring(each.value.units)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.2]
    content {
      threshold_percent = threshold_rules.value
    }
  }
}
