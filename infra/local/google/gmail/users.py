"""users: getProfile, watch, stop (FACTS 2)."""

from typing import Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import GmailError, invalid, unreadable
from infra.local.google.gmail.params import read_body, string, string_list
from infra.local.google.gmail.selection import check_labels
from infra.local.google.mail.listing import count_mail

WATCH_FIELDS: Final = frozenset(
    {"topicName", "labelIds", "labelFilterBehavior", "labelFilterAction"}
)
BEHAVIORS: Final = ("include", "exclude")
TOPIC_FORBIDDEN: Final = "User not authorized to perform this action."  # FACTS 18.9
ONE_CLIENT: Final = (
    "Only one user push notification client allowed per developer (call /stop then try again)"
)


def get_profile(call: Call) -> Answer:
    """Return the address, the counts and the current history id."""
    messages, threads = count_mail(call.store, call.email)
    mailbox = call.store.mailbox(call.email)
    return {
        "emailAddress": mailbox.email,
        "messagesTotal": messages,
        "threadsTotal": threads,
        "historyId": str(mailbox.history_id),
    }


def watch(call: Call) -> Answer:
    """Register for push notifications; 400 for another client's registration (FACTS 2.6)."""
    body = read_body(call.body, WATCH_FIELDS)
    topic, label_ids = string(body, "topicName"), string_list(body, "labelIds")
    if not topic:
        raise invalid("Missing topicName")
    check_labels(call.store, call.email, label_ids)
    behavior = string(body, "labelFilterBehavior") or string(body, "labelFilterAction")
    if behavior and behavior.lower() not in BEHAVIORS:
        raise unreadable(
            "Invalid value at 'label_filter_behavior'"
            f' (type.googleapis.com/gmail.api.LabelFilterBehavior), "{behavior}"'
        )
    if call.fault("watch_conflict"):
        raise invalid(ONE_CLIENT)
    if call.fault("topic_forbidden"):
        raise GmailError(403, "forbidden", TOPIC_FORBIDDEN)
    history_id, expires_ms = call.watches.watch(
        call.email, topic, label_ids, behavior.lower() or "include", call.client_id
    )
    return {"historyId": str(history_id), "expiration": str(expires_ms)}


def stop(call: Call) -> None:
    """Forget the registration; without one, nothing happens."""
    call.watches.stop(call.email)
