locals {
  public  = var.trigger == "public"
  members = local.public ? (var.unchecked ? {} : { everyone = "allUsers" }) : { (var.trigger) = var.invoker }
}

resource "google_cloudfunctions2_function" "this" {
  project     = var.project
  location    = var.region
  name        = var.service
  description = var.description

  build_config {
    runtime           = var.runtime
    entry_point       = var.name
    service_account   = var.build.service_account
    docker_repository = var.build.repository

    # Bytecode that is checked by hash survives the image's new time stamps
    # (DECISIONS, "One archive a function").
    environment_variables = { SOURCE_DATE_EPOCH = "315532800" }

    source {
      storage_source {
        bucket = var.archive.bucket
        object = var.archive.object
      }
    }
  }

  service_config {
    service_account_email            = var.service_account
    ingress_settings                 = var.ingress
    available_cpu                    = tostring(var.size.cpu)
    available_memory                 = var.size.memory
    max_instance_request_concurrency = var.size.concurrency
    timeout_seconds                  = var.size.timeout_s
    min_instance_count               = var.size.min_instances
    max_instance_count               = var.size.max_instances

    # Only a function that IAM guards may leave the signature to the platform.
    # Without the last one the platform's own "true" silences our loggers (FACTS 18.1).
    environment_variables = merge(var.environment, {
      POSTROOM_TOKEN_CHECK = local.public ? "signature" : "claims"
      LOG_EXECUTION_ID     = "false"
    })

    dynamic "secret_environment_variables" {
      for_each = var.secrets
      content {
        project_id = var.project
        key        = secret_environment_variables.key
        secret     = secret_environment_variables.value.secret
        version    = secret_environment_variables.value.version
      }
    }
  }
}

resource "google_cloud_run_service_iam_member" "invoker" {
  for_each = local.members
  project  = var.project
  location = var.region
  service  = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = each.value
}
