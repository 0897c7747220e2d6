# Made from names rather than read back, so that a plan shows who may do what.
locals {
  email  = "${time_sleep.seen.triggers["account"]}@${var.project}.iam.gserviceaccount.com"
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

output "roles" {
  description = "Every role the account was given here."
  value = setunion(
    [for one in google_project_iam_member.store : one.role],
    [for one in google_cloud_tasks_queue_iam_member.queue : one.role],
    [for one in google_service_account_iam_member.tasks : one.role],
    [for one in google_kms_crypto_key_iam_member.keys : one.role],
    [for one in google_secret_manager_secret_iam_member.oauth : one.role],
    [for one in google_secret_manager_secret_iam_member.webhooks : one.role],
    [for one in google_pubsub_topic_iam_member.events : one.role],
  )
}
