# Made from names rather than read back, so that a plan shows who may do what.
locals {
  email  = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
  member = "serviceAccount:${local.email}"
}

output "email" {
  description = "The account's address."
  value       = local.email
}

output "member" {
  description = "The account as IAM bindings name it."
  value       = local.member
}

output "id" {
  description = "The account's full resource name."
  value       = "projects/${var.project}/serviceAccounts/${local.email}"
}
