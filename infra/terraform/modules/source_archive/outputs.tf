output "bucket" {
  description = "The bucket the archive lies in."
  value       = google_storage_bucket_object.this.bucket
}

output "object" {
  description = "The archive's name in the bucket: function and SHA-256."
  value       = google_storage_bucket_object.this.name
}
