# Key rings and keys are never deleted (FACTS 18.6): those of an earlier deployment, or of a state
# that was lost, are taken over, or another ring is made beside them.
locals {
  key_ring  = coalesce(var.key_ring, var.name)
  key_rings = "projects/${var.project}/locations/${var.region}/keyRings"
}

import {
  for_each = toset(var.adopt_keys ? [local.key_ring] : [])
  to       = module.keys.google_kms_key_ring.this
  id       = "${local.key_rings}/${each.value}"
}

import {
  for_each = toset(var.adopt_keys ? [local.key_ring] : [])
  to       = module.keys.google_kms_crypto_key.grants
  id       = "${local.key_rings}/${each.value}/cryptoKeys/grants"
}
