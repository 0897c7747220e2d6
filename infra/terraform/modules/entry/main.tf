# One host for all paths: an HTTPS load balancer before the public functions.
locals {
  addresses = {
    IPV4 = { name = var.name, record = "A" }
    IPV6 = { name = "${var.name}-ipv6", record = "AAAA" }
  }
}

resource "google_compute_global_address" "this" {
  for_each   = local.addresses
  project    = var.project
  name       = each.value.name
  ip_version = each.key
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each              = var.services
  project               = var.project
  region                = var.region
  name                  = each.value
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value
  }
}

resource "google_compute_backend_service" "this" {
  for_each              = var.services
  project               = var.project
  name                  = each.value
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = one(google_compute_security_policy.this[*].id)

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  # Addresses may carry a session token or an authorization code: they are not written down.
  log_config {
    enable = false
  }
}

resource "google_compute_security_policy" "this" {
  count   = var.requests_per_minute > 0 ? 1 : 0
  project = var.project
  name    = var.name

  rule {
    action   = "throttle"
    priority = 1000

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.requests_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    action   = "allow"
    priority = 2147483647

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
