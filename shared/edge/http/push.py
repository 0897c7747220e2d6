"""POST /push/gmail: Pub/Sub says that a mailbox changed."""

import logging

from shared.edge.http.call import Call
from shared.edge.http.reading import read_bytes
from shared.edge.http.routes import MEBIBYTE, Access, Route
from shared.edge.logs import log, log_failure
from shared.edge.push_envelope import Malformed, opened
from shared.edge.status import unreadable
from shared.errors import FencedOutError, PermanentError
from shared.usecases.notify_push import UnknownMailbox

LARGEST = 10 * MEBIBYTE
"""What Pub/Sub may send at most (FACTS 7.12)."""


async def gmail_push(call: Call) -> None:
    """Run the mailbox's delta, then acknowledge.

    Only what a redelivery can improve is refused: an unreadable envelope, an unknown mailbox or a
    connection in a permanent state would come back for ever and slow all others (FACTS 7.8).
    """
    notification = opened(await read_bytes(call.request, LARGEST))
    if isinstance(notification, Malformed):
        log(
            "push envelope malformed",
            level=logging.WARNING,
            reason=notification.reason,
            pubsub_message_id=notification.message_id,
        )
        return
    if notification in call.wiring.known_pushes:
        log("push doubled", pubsub_message_id=notification.message_id)
        return
    try:
        outcome = await call.wiring.notify_push(
            notification.email, notification.history_id, trace_id=call.trace_id
        )
    except (PermanentError, FencedOutError) as error:
        about = {"pubsub_message_id": notification.message_id, **unreadable(error)}
        log_failure("push dropped", error, **about)
        return
    if not isinstance(outcome, UnknownMailbox):
        call.wiring.known_pushes.add(notification)
    log(
        "push",
        outcome="unknown_mailbox" if isinstance(outcome, UnknownMailbox) else "notified",
        history_id=notification.history_id,
        pubsub_message_id=notification.message_id,
    )


ROUTES = (
    Route(
        "POST",
        "/push/gmail",
        Access.PUSH,
        gmail_push,
        "A mailbox changed",
        raw_body=True,
        documented=False,
    ),
)
