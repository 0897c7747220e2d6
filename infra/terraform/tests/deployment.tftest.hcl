# What any deployment of this project must be like. TF_VAR_archives names the built archives.
variables {
  project             = "demo-project"
  environment         = "test"
  domain              = "mail.example.com"
  product_name        = "Demo"
  oauth_client_id     = "1-a.apps.googleusercontent.com"
  oauth_client_secret = "not-a-real-secret"
  api_key_hashes      = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
}

run "without_own_syncs_their_function_is_not_deployed" {
  command = plan

  assert {
    condition     = !contains(keys(module.function), "sync_models") && length(module.function) == length(local.functions) - 1
    error_message = "A function that nothing calls is deployed."
  }
}

run "a_ready_sync_brings_its_function" {
  command = plan

  variables {
    ready_syncs = ["threads"]
  }

  assert {
    condition     = contains(keys(module.function), "sync_models")
    error_message = "Own syncs have nothing to run them."
  }
}

run "a_secret_of_own_code_is_given_to_who_loads_it_and_to_no_other" {
  command = plan

  variables {
    own_syncs         = true
    own_secrets       = { LLM_KEY = 3, CRM_KEY = 1 }
    own_secret_values = { LLM_KEY = "not-a-real-secret", CRM_KEY = "not-a-real-secret" }
  }

  assert {
    condition = alltrue([
      for name in keys(local.deployed) :
      length(setintersection(keys(local.secrets[name]), ["LLM_KEY", "CRM_KEY"])) == (contains(local.own_code, name) ? 2 : 0)
    ])
    error_message = "A function that loads own code lacks a secret, or another one has it."
  }

  assert {
    condition = toset(keys(google_secret_manager_secret_iam_member.own)) == toset(flatten([
      for name in local.own_code : ["${name}/LLM_KEY", "${name}/CRM_KEY"]
    ]))
    error_message = "The right to read own code's secrets is not that of who loads it."
  }

  assert {
    condition = alltrue([
      for key, one in google_secret_manager_secret_iam_member.own :
      endswith(one.secret_id, "-own-${split("/", key)[1]}") && one.role == "roles/secretmanager.secretAccessor"
    ])
    error_message = "A right is over another secret than its own."
  }
}

run "a_secret_of_own_code_cannot_stand_for_a_setting" {
  command = plan

  variables {
    own_secrets = { POSTROOM_API_KEYS = 1 }
  }

  expect_failures = [var.own_secrets]
}

run "a_deployment_is_private_but_where_it_must_not_be" {
  command = plan

  assert {
    condition = alltrue([
      for name, one in local.deployed :
      contains(module.function[name].members, "allUsers") == (one.trigger == "public")
    ])
    error_message = "A private function has a public invoker, or a public one has none."
  }

  assert {
    condition     = length(setsubtract(keys(local.public), ["api", "console", "mcp", "oauth_callback", "send"])) == 0
    error_message = "Only these may ever be public."
  }

  assert {
    condition = alltrue([
      for name, one in local.deployed :
      join(",", module.function[name].members) == module.caller[one.trigger].member if one.trigger != "public"
    ])
    error_message = "A private function has another invoker than the service that calls it."
  }

  assert {
    condition = alltrue([
      for name, one in local.deployed :
      module.function[name].token_check == (one.trigger == "public" ? "signature" : "claims")
    ])
    error_message = "A function that anyone may invoke must verify signatures itself."
  }

  assert {
    condition     = module.push_route.audience == module.function["gmail_push"].audience
    error_message = "Pub/Sub signs for another audience than gmail_push expects."
  }

  assert {
    condition = alltrue([
      for job, one in local.jobs : module.schedule[job].audience == module.function[one.function].audience
    ])
    error_message = "Cloud Scheduler signs for another audience than its function expects."
  }

  assert {
    condition = alltrue([
      for name, url in local.url : strcontains(local.environment.POSTROOM_FUNCTION_URLS, "${name}=${url}")
    ])
    error_message = "Cloud Tasks would sign for another audience than a function expects."
  }

  assert {
    condition     = module.push_route.attempts > 0 && module.events.attempts > 0
    error_message = "What cannot be delivered would be repeated for ever."
  }

  assert {
    condition     = length(distinct([for one in module.function : one.service_account])) == length(local.deployed)
    error_message = "Two functions share an account."
  }

  assert {
    condition = alltrue(flatten([
      for one in module.account : [
        for role in one.roles : !can(regex("^roles/(owner|editor|viewer)$|[aA]dmin|[*]", role))
      ]
    ]))
    error_message = "A function's account holds a basic or an administrator's role."
  }
}

run "function_addresses_need_no_domain" {
  command = plan

  variables {
    entry  = "function_urls"
    domain = ""
  }

  assert {
    condition     = local.public_url == local.url.oauth_callback && length(module.entry) == 0
    error_message = "Without a load balancer the connect page's own address is the public one."
  }
}

run "events_for_amazon_bring_what_reaches_it" {
  command = plan

  variables {
    event_sinks     = ["sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/events"]
    sqs_role        = "arn:aws:iam::123456789012:role/postroom"
    publishing      = "testing"
    further_proxies = 1
  }

  assert {
    condition     = local.archive.deliver_event == "deliver_event_sqs" && local.archive.api == "api"
    error_message = "deliver_event alone is built with boto3, and only for a sink that needs it."
  }

  assert {
    condition     = local.environment.POSTROOM_PUBLISHING == "testing" && local.environment.POSTROOM_PROXY_HOPS == "3"
    error_message = "The functions are told of the consent screen's state, and of every proxy."
  }
}

run "without_amazon_nothing_of_it_is_built_in" {
  command = plan

  assert {
    condition     = alltrue([for name, archive in local.archive : name == archive])
    error_message = "A function carries an extra that nothing uses."
  }

  assert {
    condition     = local.environment.POSTROOM_PUBLISHING == "production" && local.environment.POSTROOM_PROXY_HOPS == "2"
    error_message = "The functions are told another state or another number of proxies."
  }
}

run "telemetry_is_sent_only_where_it_is_wanted" {
  command = plan

  variables {
    telemetry = true
  }

  assert {
    condition     = local.environment.POSTROOM_TELEMETRY == "google" && contains(keys(google_project_service.this), "telemetry")
    error_message = "The functions are not told whom to send telemetry, or the API is off."
  }

  assert {
    condition     = length(google_project_iam_member.telemetry) == length(local.deployed)
    error_message = "A function may not write its traces."
  }
}

run "without_telemetry_nobody_may_write_it" {
  command = plan

  assert {
    condition     = length(google_project_iam_member.telemetry) == 0 && local.environment.POSTROOM_TELEMETRY == ""
    error_message = "Functions may write telemetry that nobody wants."
  }
}

run "a_load_balancer_needs_a_domain" {
  command         = plan
  expect_failures = [var.domain]

  variables {
    domain = ""
  }
}

run "a_key_is_never_given_in_place_of_its_hash" {
  command         = plan
  expect_failures = [var.api_key_hashes]

  variables {
    api_key_hashes = ["postroom-local-key"]
  }
}

run "where_allUsers_is_forbidden_no_function_names_it" {
  command = plan

  variables {
    public_access = "unchecked"
  }

  assert {
    condition     = alltrue([for name, one in local.deployed : length(module.function[name].members) == (one.trigger == "public" ? 0 : 1)])
    error_message = "A public function has a member, or a private one lost its own."
  }

  assert {
    condition     = length(output.unchecked) == length(local.public)
    error_message = "The check must be taken off every public function, and off no other."
  }
}

run "more_quota_is_shared_out" {
  command = plan

  variables {
    vcpu_quota      = 200
    instances_quota = 30
  }

  assert {
    condition     = local.sizes.sync_mailbox.max_instances == 30 && local.sizes.api.max_instances == 20 && local.sizes.reconcile.max_instances == 1
    error_message = "Each function takes its share, and none more instances than Google gives one."
  }

  assert {
    condition     = local.queues.bulk.concurrent == 100 && local.queues.live.concurrent == 600
    error_message = "Queues follow the instances, and backfills the project's Gmail units."
  }
}

run "the_least_quota_is_enough_for_all" {
  command = plan

  variables {
    vcpu_quota = 12
  }

  assert {
    condition     = sum(values(local.vcpus)) == 12 && min([for one in local.sizes : tonumber(one.max_instances)]...) == 1
    error_message = "A function has no instance, or all of them have too many."
  }
}

run "keys_that_exist_are_taken_over" {
  command = plan

  variables {
    adopt_keys = true
    key_ring   = "postroom2"
  }

  assert {
    condition     = endswith(local.environment.POSTROOM_KEYRING, "/keyRings/postroom2/cryptoKeys/grants")
    error_message = "The functions would seal with another key."
  }
}

run "without_backups_receipts_speak_of_versions_alone" {
  command = plan

  variables {
    backup_days            = 0
    point_in_time_recovery = false
  }

  assert {
    condition     = local.environment.POSTROOM_BACKUP_DAYS == "0"
    error_message = "Receipts would name backups that are not kept."
  }
}

run "too_little_quota_is_refused" {
  command         = plan
  expect_failures = [var.vcpu_quota]

  variables {
    vcpu_quota = 4
  }
}
