# The hash in the name makes an archive's content its identity: the same sources change nothing,
# and other sources are a new object that the function is then built from.
resource "google_storage_bucket_object" "this" {
  bucket = var.bucket
  name   = "${var.name}/${filesha256(var.path)}.zip"
  source = var.path
}
