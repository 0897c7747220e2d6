# Who loads shared/actions/custom/, and so may read its secrets. A test compares the names with
# the code's own list.
locals {
  own_code = toset(["api", "console", "mcp", "run_actions", "sync_models"])

  own_readers = [for name in keys(local.deployed) : name if contains(local.own_code, name)]
  own_rights  = { for one in setproduct(local.own_readers, keys(var.own_secrets)) : join("/", one) => one }
}

resource "google_secret_manager_secret_iam_member" "own" {
  for_each  = local.own_rights
  project   = var.project
  secret_id = module.secrets.own[each.value[1]].secret
  role      = "roles/secretmanager.secretAccessor"
  member    = module.account[each.value[0]].member
}
