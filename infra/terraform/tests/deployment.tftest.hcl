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

# With nothing chosen.
run "nothing_is_deployed_that_was_not_asked_for_and_all_is_private_but_where_it_must_not_be" {
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

  assert {
    condition     = !contains(keys(module.function), "sync_models") && length(module.function) == length(local.functions) - 1
    error_message = "A function that nothing calls is deployed."
  }

  assert {
    condition     = alltrue([for name, archive in local.archive : name == archive])
    error_message = "A function carries an extra that nothing uses."
  }

  assert {
    condition     = local.environment.POSTROOM_PUBLISHING == "production" && local.environment.POSTROOM_PROXY_HOPS == "2"
    error_message = "The functions are told another state or another number of proxies."
  }

  assert {
    condition     = length(google_project_iam_member.telemetry) == 0 && local.environment.POSTROOM_TELEMETRY == ""
    error_message = "Functions may write telemetry that nobody wants."
  }
}

# Choices that do not touch each other share a plan: a plan takes seconds.
run "what_is_asked_for_is_there" {
  command = plan

  variables {
    ready_syncs            = ["threads"]
    event_sinks            = ["sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/events"]
    sqs_role               = "arn:aws:iam::123456789012:role/postroom"
    publishing             = "testing"
    further_proxies        = 1
    telemetry              = true
    backup_days            = 0
    point_in_time_recovery = false
  }

  assert {
    condition     = contains(keys(module.function), "sync_models")
    error_message = "Own syncs have nothing to run them."
  }

  assert {
    condition     = local.archive.deliver_event == "deliver_event_sqs" && local.archive.api == "api"
    error_message = "deliver_event alone is built with boto3, and only for a sink that needs it."
  }

  assert {
    condition     = local.environment.POSTROOM_PUBLISHING == "testing" && local.environment.POSTROOM_PROXY_HOPS == "3"
    error_message = "The functions are told of the consent screen's state, and of every proxy."
  }

  assert {
    condition     = local.environment.POSTROOM_TELEMETRY == "google" && contains(keys(google_project_service.this), "telemetry")
    error_message = "The functions are not told whom to send telemetry, or the API is off."
  }

  assert {
    condition     = length(google_project_iam_member.telemetry) == length(local.deployed)
    error_message = "A function may not write its traces."
  }

  assert {
    condition     = local.environment.POSTROOM_BACKUP_DAYS == "0"
    error_message = "Receipts would name backups that are not kept."
  }
}

# Own code, keys that exist already, an organization that forbids allUsers; the least quota, which
# must do for every function there is.
run "own_code_gets_its_secrets_and_what_exists_or_is_forbidden_is_respected" {
  command = plan

  variables {
    own_syncs         = true
    own_secrets       = { LLM_KEY = 3, CRM_KEY = 1 }
    own_secret_values = { LLM_KEY = "not-a-real-secret", CRM_KEY = "not-a-real-secret" }
    public_access     = "unchecked"
    adopt_keys        = true
    key_ring          = "postroom2"
    vcpu_quota        = 12
  }

  assert {
    condition     = sum(values(local.vcpus)) == 12 && min([for one in local.sizes : tonumber(one.max_instances)]...) == 1
    error_message = "A function has no instance, or all of them have too many."
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

  assert {
    condition     = alltrue([for name, one in local.deployed : length(module.function[name].members) == (one.trigger == "public" ? 0 : 1)])
    error_message = "A public function has a member, or a private one lost its own."
  }

  assert {
    condition     = length(output.unchecked) == length(local.public)
    error_message = "The check must be taken off every public function, and off no other."
  }

  assert {
    condition     = endswith(local.environment.POSTROOM_KEYRING, "/keyRings/postroom2/cryptoKeys/grants")
    error_message = "The functions would seal with another key."
  }
}

# Without a load balancer, on a project with more quota.
run "function_addresses_need_no_domain_and_more_quota_is_shared_out" {
  command = plan

  variables {
    entry           = "function_urls"
    domain          = ""
    vcpu_quota      = 200
    instances_quota = 30
  }

  assert {
    condition     = local.public_url == local.url.oauth_callback && length(module.entry) == 0
    error_message = "Without a load balancer the connect page's own address is the public one."
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

# Each of these alone would do: Terraform says all that is wrong at once.
run "what_would_not_work_is_refused" {
  command = plan
  expect_failures = [
    var.own_secrets,
    var.domain,
    var.api_key_hashes,
    var.vcpu_quota,
  ]

  variables {
    own_secrets    = { POSTROOM_API_KEYS = 1 }
    domain         = ""
    api_key_hashes = ["postroom-local-key"]
    vcpu_quota     = 4
  }
}
