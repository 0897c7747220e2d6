# Made from names rather than read back, so that a plan shows it.
locals {
  crypto_key = "projects/${var.project}/locations/${var.location}/keyRings/${google_kms_key_ring.this.name}/cryptoKeys/${google_kms_crypto_key.grants.name}"
}

output "crypto_key" {
  description = "The key's full resource name."
  value       = local.crypto_key
}

output "keyring" {
  description = "The value of POSTROOM_KEYRING."
  value       = "kms:${local.crypto_key}"
}
