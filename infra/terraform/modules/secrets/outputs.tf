output "oauth_client" {
  description = "Secret and version of the OAuth client's secret. A new version makes a new deployment of each function that reads it."
  value = {
    secret  = google_secret_manager_secret.oauth_client.secret_id
    version = google_secret_manager_secret_version.oauth_client.version
  }
}

output "webhooks" {
  description = "Secret and version of what signs webhooks; null without one."
  value = one([
    for one in google_secret_manager_secret_version.webhooks : {
      secret  = google_secret_manager_secret.webhooks[0].secret_id
      version = one.version
    }
  ])
}

output "own" {
  description = "Secret and version of each of own code's secrets, by name."
  value = {
    for name, one in google_secret_manager_secret_version.own : name => {
      secret  = google_secret_manager_secret.own[name].secret_id
      version = one.version
    }
  }
}
