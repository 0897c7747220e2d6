"""What `doctor` checks, each small and on its own; `CHECKS` is the order of its report.

A check is a name and an async function of the `CheckContext`, which returns one `Finding`. It
raises `NotCheckedError` where something that is not its subject keeps it from being made here. A
new check is a function in the file of its subject and a row below.
"""

from shared.commands.checks import (
    clocks,
    entries,
    grants,
    keys,
    mailboxes,
    oauth_client,
    own_code,
    queues,
    seen,
    store,
    topic,
    troubles,
)
from shared.commands.checks.context import Check

CHECKS = (
    Check("address", entries.address_answers),
    Check("whole deployment", troubles.nothing_troubles_all),
    Check("own code", own_code.own_code_is_served),
    Check("OAuth client", oauth_client.client_is_known),
    Check("redirect URI", oauth_client.redirect_uri_is_registered),
    Check("publishing mode", grants.publishing_mode_is_said_rightly),
    Check("scopes", grants.scopes_cover_what_is_done),
    Check("topic", topic.gmail_may_publish),
    Check("subscription", topic.subscription_pushes_here),
    Check("push authentication", entries.forgeries_are_refused),
    Check("watches", mailboxes.watches_live),
    Check("last push", mailboxes.pushes_arrive),
    Check("clock", clocks.clocks_agree),
    Check("store", store.store_keeps_what_it_is_given),
    Check("store file", store.store_file_is_whole),
    Check("queues", queues.tasks_are_dispatched),
    Check("syncs", queues.due_syncs_are_run),
    Check("own syncs", own_code.own_syncs_run),
    Check("connections", troubles.each_connection_works),
    Check("keys", keys.keys_open_what_they_sealed),
    Check("deliveries", queues.events_arrive),
    Check("history ids", seen.history_lives),
    Check("watch life", seen.watches_last),
    Check("push delay", seen.pushes_take),
    Check("announced", seen.changes_are_announced),
    Check("arrival", seen.mail_arrives_after_its_date),
    Check("early 404s", seen.early_404s_heal),
    Check("ended grants", seen.grants_end),
    Check("sends", seen.sends_are_answered),
    Check("refusals", seen.refusals_are_known),
    Check("quota", seen.allowance_is_as_set),
    Check("calls at once", seen.enough_at_once),
    Check("platform's calls", seen.platform_calls),
    Check("standstill", seen.processes_stand_still),
)
