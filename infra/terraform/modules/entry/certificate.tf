# Proved by a DNS record rather than by traffic, the certificate is issued before the domain points
# here. What belongs to a domain is named by it: another domain is another certificate (FACTS 18.6).
locals {
  certificate = "${var.name}-${substr(replace(var.domain, ".", "-"), 0, 40)}-${substr(sha256(var.domain), 0, 6)}"
}

resource "google_certificate_manager_dns_authorization" "this" {
  project = var.project
  name    = local.certificate
  domain  = var.domain

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_certificate_manager_certificate" "this" {
  project = var.project
  name    = local.certificate

  managed {
    domains            = [var.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.this.id]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_certificate_manager_certificate_map" "this" {
  project = var.project
  name    = var.name
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  project      = var.project
  name         = local.certificate
  map          = google_certificate_manager_certificate_map.this.name
  hostname     = var.domain
  certificates = [google_certificate_manager_certificate.this.id]

  lifecycle {
    create_before_destroy = true
  }
}
