# Google answers that a thing is done some minutes before all of it knows (FACTS 18.4). Each wait is
# made once, beside what it waits for: only a first apply, or what a later one adds, waits.
resource "time_sleep" "apis" {
  create_duration = "60s"
  triggers        = { apis = join(",", sort(local.apis)) }
  depends_on      = [google_project_service.this]
}

# A function that starts before its rights are seen fails its first revision.
resource "time_sleep" "rights" {
  for_each        = local.deployed
  create_duration = "120s"
  triggers        = { account = module.account[each.key].email, needs = join(",", concat(each.value.needs, contains(local.own_readers, each.key) ? keys(var.own_secrets) : [])) }

  depends_on = [
    module.account,
    module.caller,
    google_project_iam_member.builder_logs,
    google_project_iam_member.builder_sources,
    google_project_iam_member.telemetry,
    google_secret_manager_secret_iam_member.own,
    google_artifact_registry_repository_iam_member.builder,
  ]
}
