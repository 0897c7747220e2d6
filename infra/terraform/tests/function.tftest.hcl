# What the function module refuses.
variables {
  project         = "demo-project"
  region          = "europe-west1"
  name            = "gmail_push"
  service         = "postroom-gmail-push"
  description     = "Tried alone."
  archive         = { bucket = "archives", object = "gmail_push/0.zip" }
  build           = { service_account = "builder", repository = "images" }
  service_account = "postroom-gmail-push@demo-project.iam.gserviceaccount.com"
  trigger         = "push"
  invoker         = "serviceAccount:push@demo-project.iam.gserviceaccount.com"
  ingress         = "ALLOW_INTERNAL_ONLY"
  environment     = { POSTROOM_TASKS_AUDIENCE = "https://push.example.com" }
}

run "a_private_function_trusts_the_platforms_check" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = output.token_check == "claims"
    error_message = "Behind IAM the signature is gone: claims are all there is."
  }
}

run "a_private_function_cannot_be_opened_to_everyone" {
  command         = plan
  expect_failures = [var.invoker]

  module {
    source = "./modules/function"
  }

  variables {
    invoker = "allUsers"
  }
}

run "a_private_function_cannot_be_without_its_invoker" {
  command         = plan
  expect_failures = [var.invoker]

  module {
    source = "./modules/function"
  }

  variables {
    invoker = null
  }
}

run "a_public_function_cannot_skip_the_signature" {
  command         = plan
  expect_failures = [var.environment]

  module {
    source = "./modules/function"
  }

  variables {
    trigger     = "public"
    invoker     = null
    environment = { POSTROOM_TASKS_AUDIENCE = "https://push.example.com", POSTROOM_TOKEN_CHECK = "claims" }
  }
}

run "concurrency_takes_a_whole_cpu" {
  command         = plan
  expect_failures = [var.size]

  module {
    source = "./modules/function"
  }

  variables {
    size = { cpu = 0.5 }
  }
}

run "no_function_runs_as_the_default_account" {
  command         = plan
  expect_failures = [var.service_account]

  module {
    source = "./modules/function"
  }

  variables {
    service_account = "1-compute@developer.gserviceaccount.com"
  }
}

run "the_check_is_never_taken_off_a_private_function" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    unchecked = true
  }

  assert {
    condition     = length(output.members) == 1
    error_message = "A private function lost its invoker."
  }
}
