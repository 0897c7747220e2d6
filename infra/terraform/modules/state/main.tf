locals {
  declared = jsondecode(file("${path.module}/indexes.json"))

  # One resource an index, named by what it indexes, so that a change touches nothing else.
  composite = {
    for one in local.declared.composite :
    join("-", concat([one.collection], [for f in one.fields : "${f.path}.${lower(f.mode)}"])) => one
  }
  kept = { for one in local.declared.single_field : "${one.collection}.${one.path}" => one }
  ttl  = local.declared.ttl
}

resource "google_firestore_database" "this" {
  project                           = var.project
  name                              = var.database
  location_id                       = var.location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  point_in_time_recovery_enablement = var.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "PREVENT" : "DELETE"
}

# The one place where erased mail lives on; the receipt of a disconnect says until when.
resource "google_firestore_backup_schedule" "daily" {
  count     = var.backup_days > 0 ? 1 : 0
  project   = var.project
  database  = google_firestore_database.this.name
  retention = "${var.backup_days * 86400}s"

  daily_recurrence {}
}

resource "google_firestore_index" "this" {
  for_each    = local.composite
  project     = var.project
  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.path
      order        = { ASC = "ASCENDING", DESC = "DESCENDING", CONTAINS = null }[fields.value.mode]
      array_config = fields.value.mode == "CONTAINS" ? "CONTAINS" : null
    }
  }
}

# No automatic index on any field: what no query asks costs nothing to write (FACTS 9.5).
resource "google_firestore_field" "exempt" {
  for_each   = toset(local.declared.collections)
  project    = var.project
  database   = google_firestore_database.this.name
  collection = each.value
  field      = "*"

  index_config {}
}

# But for these, which queries ask alone.
resource "google_firestore_field" "kept" {
  for_each   = local.kept
  project    = var.project
  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.path

  index_config {
    indexes {
      order       = each.value.mode == "DESC" ? "DESCENDING" : "ASCENDING"
      query_scope = "COLLECTION"
    }
  }
}

resource "google_firestore_field" "ttl" {
  for_each   = local.ttl
  project    = var.project
  database   = google_firestore_database.this.name
  collection = each.key
  field      = each.value

  index_config {}
  ttl_config {}
}
