locals {
  revision     = "resource.type=\"cloud_run_revision\""
  counter      = { for name, metric in google_logging_metric.this : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND ${local.revision}" }
  subscription = "resource.type=\"pubsub_subscription\" AND resource.label.subscription_id"

  # Of our own log lines: more than `value` of them within `window_s`. They are counted by ALIGN_DELTA
  # (ALIGN_COUNT counts points), and may come ten minutes late (FACTS 18.5): no window is shorter.
  lines = {
    "watches lapse" = {
      counter = "watch_failures", value = floor(30 / var.renewal_minutes) - 1, window_s = 2400
      advice  = "For half an hour each run of renew-watches left watches unrenewed; they lapse silently after seven days. Look at renew_watches' log lines: a publisher right missing on the topic, a topic in another project, or grants revoked."
    }
    "watches are silent" = {
      counter = "silent_watches", value = 5, window_s = 3600
      advice  = "More than five watches in an hour announced nothing of mail that came. Each is armed again by itself; many at once mean that notifications do not arrive: ask make doctor for topic, subscription and push."
    }
    "a watch stays silent" = {
      counter = "lost_watches", value = 0, window_s = 1800
      advice  = "A watch was armed anew twice and announced nothing of mail that came: that mailbox is polled, up to an hour late. Its log line names the connection; one alone is Gmail's doing, several mean that notifications do not arrive."
    }
    "Google refuses the deployment" = {
      counter = "refused", value = 0, window_s = 1800
      advice  = "Google refuses the project, its OAuth client, its topic, its keys or a query: no mailbox is at fault and all of them stand. The line's code says which, and so do GET /health, the console and make doctor."
    }
    "Google differs" = {
      counter = "surprises", value = 0, window_s = 3600
      advice  = "Gmail refused, or answered, in a way that Postroom does not know. It goes on as with the nearest it knows. The line's code says what, its reason names it; make doctor shows the last five."
    }
    "an endpoint is disabled" = {
      counter = "endpoints_lost", value = 0, window_s = 1800
      advice  = "Nothing that was sent to a webhook endpoint has succeeded for five days. GET /webhook-endpoints says which; mend it, PATCH it with enabled true, then redeliver."
    }
    "tokens cannot be refreshed" = {
      counter = "refresh_failures", value = 10, window_s = 1800
      advice  = "More than ten times in half an hour Google's token endpoint failed, or a setting is missing. Single revoked grants do not count here."
    }
    "events are given up" = {
      counter = "events_given_up", value = 0, window_s = 1800
      advice  = "A receiver refused an event for good, or for three days. Records are not lost. /console/deliveries says why; mend the receiver, then send the dead events again from there."
    }
    "work is dropped" = {
      counter = "dropped", value = 20, window_s = 1800
      advice  = "More than twenty tasks or notifications in half an hour met errors that no retry improves. The log lines name connection and error."
    }
    "unexpected errors" = {
      counter = "unexpected", value = 0, window_s = 1800
      advice  = "A request ended in an error that the code does not know: a bug of ours. Group the log lines \"request failed\" of status 500 by error and frames."
    }
  }

  # Of what Google measures itself.
  gauges = {
    "mail lags" = {
      filter = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND ${local.subscription}=\"${var.push_subscription}\""
      value  = 300, window_s = 300, duration_s = 600, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX"
      advice = "Notifications wait for more than five minutes: gmail_push fails or is out of instances."
    }
    "tasks pile up" = {
      filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\" AND resource.label.queue_id=\"live\""
      value  = 5000, window_s = 300, duration_s = 900, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX"
      advice = "More than 5,000 live tasks wait for a quarter of an hour: ask for more vCPU and raise vcpu_quota, or look for a long 429 from Gmail."
    }
    "dead letters" = {
      filter = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND ${local.subscription}=monitoring.regex.full_match(\"${join("|", var.dead_letter_subscriptions)}\")"
      value  = 0, window_s = 300, duration_s = 0, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX"
      advice = "Messages failed twenty times. Mail is not lost: reconcile finds what a notification did not. Read one, mend the cause, then purge."
    }
    "requests fail" = {
      filter = "metric.type=\"run.googleapis.com/request_count\" AND ${local.revision} AND metric.label.response_code_class=\"5xx\" AND resource.label.service_name=starts_with(\"${var.name}-\")"
      value  = 20, window_s = 600, duration_s = 0, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
      advice = "More than twenty answers in ten minutes were 5xx. Group the log lines \"request failed\" by error."
    }
    "the API is unreachable" = {
      filter = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.label.check_id=\"${google_monitoring_uptime_check_config.api.uptime_check_id}\""
      value  = 1, window_s = 1200, duration_s = 60, aligner = "ALIGN_NEXT_OLDER", reducer = "REDUCE_COUNT_FALSE"
      advice = "GET /health of the api function fails from two places of the world or more: the domain, its certificate, the load balancer, the invoker check, or the function itself."
    }
  }
}
