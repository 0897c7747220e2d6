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

resource "google_compute_ssl_policy" "this" {
  project         = var.project
  name            = var.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "this" {
  project         = var.project
  name            = var.name
  url_map         = google_compute_url_map.this.id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.this.id}"
  ssl_policy      = google_compute_ssl_policy.this.id
}

resource "google_compute_global_forwarding_rule" "https" {
  for_each              = local.addresses
  project               = var.project
  name                  = each.value.name
  target                = google_compute_target_https_proxy.this.id
  ip_address            = google_compute_global_address.this[each.key].id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}

# Who types the domain without a scheme lands on http: it is sent on, and nothing is served there.
resource "google_compute_url_map" "redirect" {
  project = var.project
  name    = "${var.name}-redirect"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "redirect" {
  project = var.project
  name    = "${var.name}-redirect"
  url_map = google_compute_url_map.redirect.id
}

resource "google_compute_global_forwarding_rule" "http" {
  for_each              = local.addresses
  project               = var.project
  name                  = "${each.value.name}-redirect"
  target                = google_compute_target_http_proxy.redirect.id
  ip_address            = google_compute_global_address.this[each.key].id
  port_range            = "80"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
