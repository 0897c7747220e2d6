# The one map that drives the deployment. A key is at once the directory under functions/, the
# entry point in its main.py and the function's name in the logs. A test compares the keys with
# the directories, `paths` with the route table and `needs` with what the routes are wired to.
locals {
  functions = {
    api = {
      about   = "The HTTP API: sessions, connections, records, syncs, actions."
      trigger = "public"
      paths   = ["/"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { timeout_s = 300 }
    }
    console = {
      about   = "The console: what operators see and do in a browser."
      trigger = "public"
      paths   = ["/console"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { timeout_s = 300 }
    }
    deliver_event = {
      about   = "One delivery attempt of one event to the product."
      trigger = "tasks"
      paths   = ["/tasks/deliver"]
      needs   = ["events", "keys", "queue", "store", "webhooks"]
      size    = { concurrency = 50, timeout_s = 120 }
    }
    gmail_push = {
      about   = "A mailbox changed: run its history delta now."
      trigger = "push"
      paths   = ["/push/gmail"]
      needs   = ["keys", "oauth", "queue", "store", "webhooks"]
      size    = { concurrency = 40 }
    }
    mcp = {
      about   = "The mailbox as tools for agents, by the Model Context Protocol."
      trigger = "public"
      paths   = ["/mcp", "/docs/mcp"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { memory = "1Gi", timeout_s = 300 }
    }
    oauth_callback = {
      about   = "The connect page, the start of consent, and Google's callback."
      trigger = "public"
      paths   = ["/connect-ui", "/connect/session", "/oauth"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = {}
    }
    reconcile = {
      about   = "Find what no task woke."
      trigger = "scheduler"
      paths   = ["/jobs/reconcile"]
      needs   = ["queue", "store"]
      size    = { timeout_s = 180, max_instances = 1 }
      jobs    = { reconcile = { path = "/jobs/reconcile", schedule = "* * * * *" } }
    }
    renew_watches = {
      about   = "Renew every watch that expires soon; daily upkeep of grants, keys and tombstones."
      trigger = "scheduler"
      paths   = ["/jobs/renew-watches", "/jobs/tend-grants", "/jobs/rotate-keys", "/jobs/prune-deleted"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { timeout_s = 540, max_instances = 1 }
      jobs = {
        renew-watches = { path = "/jobs/renew-watches", schedule = "* * * * *" }
        tend-grants   = { path = "/jobs/tend-grants", schedule = "17 3 * * *" }
        rotate-keys   = { path = "/jobs/rotate-keys", schedule = "37 * * * *" }
        prune-deleted = { path = "/jobs/prune-deleted", schedule = "47 2 * * *" }
      }
    }
    run_actions = {
      about   = "What goes on in the background: actions, approved calls, sends."
      trigger = "tasks"
      paths   = ["/tasks/action", "/tasks/approval", "/tasks/send"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { memory = "1Gi", concurrency = 20, timeout_s = 600 }
    }
    send = {
      about   = "Send one message."
      trigger = "public"
      paths   = ["/send", "/sends"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { memory = "1Gi", concurrency = 20, timeout_s = 300 }
    }
    sync_models = {
      about   = "The deployment's own syncs."
      trigger = "tasks"
      paths   = ["/tasks/models"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { memory = "1Gi", concurrency = 10, timeout_s = 600 }
    }
    sync_mailbox = {
      about   = "Drain one mailbox: deltas, backfill chunks, recovery, rechecks."
      trigger = "tasks"
      paths   = ["/tasks/sync", "/tasks/disconnect", "/tasks/probe"]
      needs   = ["keys", "oauth", "queue", "store"]
      size    = { memory = "1Gi", concurrency = 10, timeout_s = 600 }
    }
  }
}
