locals {
  rest = one([for name, paths in var.paths : name if contains(paths, "/")])
  own  = { for name, paths in var.paths : name => paths if name != local.rest }
}

resource "google_compute_url_map" "this" {
  project         = var.project
  name            = var.name
  default_service = google_compute_backend_service.this[local.rest].id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "postroom"
  }

  path_matcher {
    name            = "postroom"
    default_service = google_compute_backend_service.this[local.rest].id

    dynamic "path_rule" {
      for_each = local.own
      content {
        paths   = flatten([for path in path_rule.value : [path, "${path}/*"]])
        service = google_compute_backend_service.this[path_rule.key].id
      }
    }
  }
}

resource "google_compute_managed_ssl_certificate" "this" {
  project = var.project
  name    = var.name

  managed {
    domains = [var.domain]
  }
}

resource "google_compute_ssl_policy" "this" {
  project         = var.project
  name            = var.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "this" {
  project          = var.project
  name             = var.name
  url_map          = google_compute_url_map.this.id
  ssl_certificates = [google_compute_managed_ssl_certificate.this.id]
  ssl_policy       = google_compute_ssl_policy.this.id
}

resource "google_compute_global_forwarding_rule" "https" {
  project               = var.project
  name                  = var.name
  target                = google_compute_target_https_proxy.this.id
  ip_address            = google_compute_global_address.this.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
