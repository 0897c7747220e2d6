# Wraps the data keys that seal each connection's tokens. Its versions open every grant ever
# sealed under them: rotation adds a version and never takes one away.
resource "google_kms_key_ring" "this" {
  project  = var.project
  name     = var.name
  location = var.location
}

resource "google_kms_crypto_key" "grants" {
  name                       = "grants"
  key_ring                   = google_kms_key_ring.this.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "${var.rotation_days * 86400}s"
  destroy_scheduled_duration = "2592000s"
  deletion_policy            = var.deletion_protection ? "PREVENT" : "DELETE"

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = var.protection_level
  }
}
