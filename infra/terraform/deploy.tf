resource "google_storage_bucket" "archives" {
  project                     = var.project
  name                        = "${var.project}-${var.name}-archives"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  versioning {
    enabled = true
  }

  # A function keeps its image; an archive that no deployment names any more may go.
  lifecycle_rule {
    condition {
      num_newer_versions = 3
    }
    action {
      type = "Delete"
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  project       = var.project
  location      = var.region
  repository_id = "${var.name}-functions"
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep-ten"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }

  # A policy that keeps deletes nothing by itself (FACTS 18.6).
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [time_sleep.apis]
}

# boto3 goes only where events go to Amazon SQS: that archive is built beside the other.
locals {
  to_sqs  = length([for one in var.event_sinks : one if startswith(one, "sqs:")]) > 0
  archive = { for name in keys(local.deployed) : name => local.to_sqs && name == "deliver_event" ? "deliver_event_sqs" : name }
}

module "archive" {
  source   = "./modules/source_archive"
  for_each = local.deployed
  bucket   = google_storage_bucket.archives.name
  name     = each.key
  path     = "${coalesce(var.archives, "${path.root}/../../build/archives")}/${local.archive[each.key]}.zip"
}

module "function" {
  source          = "./modules/function"
  for_each        = local.deployed
  project         = var.project
  region          = var.region
  name            = each.key
  service         = local.service[each.key]
  description     = each.value.about
  runtime         = var.runtime
  archive         = module.archive[each.key]
  build           = { service_account = module.builder.id, repository = google_artifact_registry_repository.images.id }
  service_account = module.account[each.key].email
  trigger         = each.value.trigger
  invoker         = each.value.trigger == "public" ? null : module.caller[each.value.trigger].member
  unchecked       = var.public_access == "unchecked"
  ingress         = local.balanced ? (each.value.trigger == "public" ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_INTERNAL_ONLY") : (each.value.trigger == "public" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY")
  size            = local.sizes[each.key]
  environment     = merge(local.environment, { POSTROOM_TASKS_AUDIENCE = local.url[each.key], POSTROOM_PUSH_AUDIENCE = local.url[each.key] })
  secrets         = local.secrets[each.key]

  # Rights that are seen, and indexes that are built: what starts at once works at once.
  depends_on = [time_sleep.rights, module.state, terraform_data.quota]
}
