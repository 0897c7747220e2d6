output "database" {
  description = "The database's name."
  value       = google_firestore_database.this.name
}

output "store" {
  description = "The value of POSTROOM_STORE."
  value       = "firestore:${var.project}/${google_firestore_database.this.name}"
}
