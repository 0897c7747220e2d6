# How many instances each function may have. A region lets a project have so many vCPU, and refuses
# a revision that could take more alone (FACTS 18.2): the functions share what there is.
locals {
  # Of twenty vCPU; one where none is named. Own syncs take theirs from the mailboxes'.
  shares = { sync_mailbox = local.own_syncs ? 3 : 4, gmail_push = 3, api = 2, deliver_event = 2, run_actions = 2, send = 2 }

  sizes = {
    for name, one in local.deployed : name => merge(
      { max_instances = max(1, min(floor(lookup(local.shares, name, 1) * var.vcpu_quota / 20), coalesce(var.instances_quota, 1000))) },
      one.size,
      lookup(var.sizes, name, {}),
    )
  }
  vcpus  = { for name, one in local.sizes : name => tonumber(one.max_instances) * tonumber(lookup(one, "cpu", 1)) }
  places = { for name in ["sync_mailbox", "run_actions"] : name => tonumber(local.sizes[name].max_instances) * tonumber(local.sizes[name].concurrency) }

  over_quota     = [for name, vcpus in local.vcpus : "${name} (${vcpus})" if vcpus > var.vcpu_quota]
  over_instances = [for name, one in local.sizes : "${name} (${one.max_instances})" if tonumber(one.max_instances) > coalesce(var.instances_quota, 1000)]
  ask_for_more   = "or ask for more at https://console.cloud.google.com/iam-admin/quotas?project=${var.project}"
}

# Said before anything is made; Google would say it half-way through.
resource "terraform_data" "quota" {
  input = local.vcpus

  lifecycle {
    precondition {
      condition     = length(local.over_quota) == 0
      error_message = "The region has ${var.vcpu_quota} vCPU (vcpu_quota), and Google refuses a function that may take more: ${join(", ", local.over_quota)}. Lower its max_instances in sizes, ${local.ask_for_more} (Cloud Run Admin API, Total CPU allocation per project per region) and raise vcpu_quota."
    }

    precondition {
      condition     = length(local.over_instances) == 0
      error_message = "Google gives a function ${coalesce(var.instances_quota, 1000)} instances here (instances_quota): ${join(", ", local.over_instances)}. Lower its max_instances in sizes, ${local.ask_for_more} (Cloud Run Admin API, Max instances per service) and raise instances_quota."
    }

    precondition {
      condition     = sum(values(local.vcpus)) <= var.vcpu_quota
      error_message = "All functions at once may take ${sum(values(local.vcpus))} vCPU, and the region has ${var.vcpu_quota} (vcpu_quota): one would starve another. Lower max_instances in sizes, ${local.ask_for_more} (Cloud Run Admin API, Total CPU allocation per project per region) and raise vcpu_quota."
    }
  }
}
