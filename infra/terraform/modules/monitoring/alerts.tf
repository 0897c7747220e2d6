locals {
  # One shape for both kinds of threshold.
  thresholds = merge(
    {
      for name, one in local.lines : name => {
        filter  = local.counter[one.counter], value = one.value, window_s = one.window_s, duration_s = 0
        aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", advice = one.advice
      }
    },
    local.gauges,
  )

  # The guide has an entry for each, under this heading.
  entry = "\n\nWhat to do: infra/OPERATING.md#alert-"
}

# A policy on a metric that Monitoring has not heard of yet is refused, for up to ten minutes
# (FACTS 18.4). It runs beside the database's indexes, so a first apply takes no longer for it.
resource "time_sleep" "metrics" {
  create_duration = "600s"
  triggers        = { metrics = join(",", sort([for one in google_logging_metric.this : one.name])) }
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
      duration        = "${each.value.duration_s}s"

      aggregations {
        alignment_period     = "${each.value.window_s}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }

  documentation {
    content = "${each.value.advice}${local.entry}${lower(replace(each.key, " ", "-"))}"
  }

  depends_on = [time_sleep.metrics]
}

# The one job that finds everything else must itself be missed. Lines come up to ten minutes late, and
# whether no line is no point or a zero is not said: both are asked.
resource "google_monitoring_alert_policy" "silence" {
  project               = var.project
  display_name          = "${var.name}: reconcile is silent"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "no line of a run for half an hour"

    condition_absent {
      filter   = local.counter.reconcile_runs
      duration = "1800s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  conditions {
    display_name = "no run counted in half an hour"

    condition_threshold {
      filter          = local.counter.reconcile_runs
      comparison      = "COMPARISON_LT"
      threshold_value = 1
      duration        = "0s"

      aggregations {
        alignment_period     = "1800s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Cloud Scheduler does not reach reconcile, so work that was not woken waits. Run the job by hand and read its answer.${local.entry}reconcile-is-silent"
  }

  depends_on = [time_sleep.metrics]
}
