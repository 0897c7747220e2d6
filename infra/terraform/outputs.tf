output "public_url" {
  description = "Where the connect page lives; with a load balancer, everything."
  value       = local.public_url
}

output "function_urls" {
  description = "Each public function's own address."
  value       = { for name in keys(local.public) : name => local.url[name] }
}

output "redirect_uri" {
  description = "The redirect URI to register with the OAuth client."
  value       = "${local.public_url}/oauth/callback"
}

output "console" {
  description = "Where operators sign in. Sign-in with Google needs `/sign-in/answer` below it as a second redirect URI."
  value       = "${local.console_url}/console"
}

output "dns" {
  description = "The records to enter for the domain; null without a load balancer. The certificate needs the first alone."
  value       = one([for one in module.entry : one.records])
}

output "unchecked" {
  description = "The services that Cloud Run's invoker check is taken off after each deployment, where the organisation allows no public invoker."
  value       = var.public_access == "unchecked" ? [for name in keys(local.public) : local.service[name]] : []
}

output "region" {
  description = "Where everything runs."
  value       = var.region
}

output "gmail_topic" {
  description = "The topic Gmail publishes to."
  value       = module.push_route.topic
}

output "events_subscription" {
  description = "The subscription to pull events from."
  value       = module.events.subscription
}

output "environment" {
  description = "The functions' settings as a shell exports them, for `make doctor ENV=NAME`; secrets are not among them."
  sensitive   = true
  value = join("\n", [
    for name, value in merge(local.environment, { POSTROOM_PUSH_AUDIENCE = local.url.gmail_push }) :
    "export ${name}='${replace(value, "'", "'\\''")}'" if value != null && value != ""
  ])
}
