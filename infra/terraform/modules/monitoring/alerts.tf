locals {
  revision = "resource.type=\"cloud_run_revision\""
  counter  = { for name, metric in google_logging_metric.this : name => "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND ${local.revision}" }

  # What is wrong, above which value for how long, and what to do about it.
  thresholds = {
    "watches lapse" = {
      filter = local.counter.watch_failures, value = 0, duration = "1800s", aligner = "ALIGN_COUNT"
      advice = "Watches could not be renewed for half an hour; they lapse silently after seven days. Look at renew_watches' log lines: a publisher right missing on the topic, a topic in another project, or grants revoked."
    }
    "mail lags" = {
      filter = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${var.push_subscription}\""
      value  = 300, duration = "300s", aligner = "ALIGN_MAX"
      advice = "Notifications wait for more than five minutes: gmail_push fails or is out of instances."
    }
    "tasks pile up" = {
      filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\" AND resource.label.queue_id=\"live\""
      value  = 5000, duration = "900s", aligner = "ALIGN_MAX"
      advice = "The live queue is not drained: raise sync_mailbox's max_instances, or look for a long 429 from Gmail."
    }
    "dead letters" = {
      filter = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=monitoring.regex.full_match(\"${join("|", var.dead_letter_subscriptions)}\")"
      value  = 0, duration = "0s", aligner = "ALIGN_MAX"
      advice = "Messages failed twenty times. Mail is not lost: reconcile finds what a notification did not. Read one with gcloud pubsub subscriptions pull, fix the cause, then purge with gcloud pubsub subscriptions seek --time=now."
    }
    "events are given up" = {
      filter = local.counter.events_given_up, value = 0, duration = "0s", aligner = "ALIGN_COUNT"
      advice = "A receiver refused an event for good, or for three days. Records are not lost. /console/deliveries says why; mend the receiver, then send the dead events again from there."
    }
    "tokens cannot be refreshed" = {
      filter = local.counter.refresh_failures, value = 10, duration = "600s", aligner = "ALIGN_COUNT"
      advice = "Google's token endpoint fails, or the OAuth client is wrong or deleted. Single revoked grants do not count here."
    }
    "an endpoint is disabled" = {
      filter = local.counter.endpoints_lost, value = 0, duration = "0s", aligner = "ALIGN_COUNT"
      advice = "Nothing that was sent to a webhook endpoint has succeeded for five days. GET /webhook-endpoints says which; mend it, PATCH it with enabled true, then redeliver."
    }
    "all connections are refused" = {
      filter = local.counter.deployment, value = 0, duration = "0s", aligner = "ALIGN_COUNT"
      advice = "Something only an operator can mend keeps every connection from working: the log line \"deployment trouble\" names it in code, and so do GET /health, the console and make doctor. OPERATING has an entry for each code. Nothing is lost: sends are held for a day, and all goes on within a minute of the repair."
    }
    "requests fail" = {
      filter = "metric.type=\"run.googleapis.com/request_count\" AND ${local.revision} AND metric.label.response_code_class=\"5xx\" AND resource.label.service_name=starts_with(\"${var.name}-\")"
      value  = 20, duration = "300s", aligner = "ALIGN_DELTA"
      advice = "More than twenty answers in five minutes were 5xx. Group the log lines \"request failed\" by error."
    }
    "work is dropped" = {
      filter = local.counter.dropped, value = 20, duration = "600s", aligner = "ALIGN_COUNT"
      advice = "Tasks or notifications met errors no retry improves. The log lines name connection and error."
    }
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each              = local.thresholds
  project               = var.project
  display_name          = "${var.name}: ${each.key}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.value
      duration        = each.value.duration

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.aligner == "ALIGN_MAX" ? "REDUCE_MAX" : "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = each.value.advice
  }
}

# The one job that finds everything else must itself be missed.
resource "google_monitoring_alert_policy" "silence" {
  project               = var.project
  display_name          = "${var.name}: reconcile is silent"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "no run in ten minutes"

    condition_absent {
      filter   = local.counter.reconcile_runs
      duration = "600s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_COUNT"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Cloud Scheduler does not reach reconcile: nothing wakes what nobody woke. Run the job by hand and read its answer."
  }
}
