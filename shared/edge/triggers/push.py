"""POST /push/gmail: Pub/Sub says that a mailbox changed."""

import logging
from dataclasses import dataclass, field
from typing import Final

from shared.domain.bounded import BoundedMap
from shared.domain.google.observations import Duration, Kinds, Sightings
from shared.edge.triggers.probe import note_probe
from shared.edge.triggers.push_envelope import Malformed, Notification, read_envelope
from shared.edge.triggers.tasks import stopped_by
from shared.edge.web.call import Call
from shared.edge.web.logs import log, log_failure
from shared.edge.web.reading import read_bytes
from shared.edge.web.routes import MEBIBYTE, Access, Route
from shared.edge.web.status import unreadable
from shared.errors import FencedOutError, PermanentError
from shared.ports.clock import Clock
from shared.usecases.probe import PROBE_ATTRIBUTE, PROBE_ID, ProbeId
from shared.usecases.sync.handle_push import Notified, NotifyPush, UnknownMailbox

LARGEST = 10 * MEBIBYTE
"""What Pub/Sub may send at most (FACTS 7.12)."""


async def gmail_push(call: Call) -> None:
    """Run the mailbox's delta, then acknowledge.

    Only what a redelivery can improve is refused: an unreadable envelope, an unknown mailbox or a
    connection in a permanent state would come back for ever and slow all others (FACTS 7.8).
    """
    notification = read_envelope(await read_bytes(call.request, LARGEST))
    if isinstance(notification, Malformed):
        log(
            "push envelope malformed",
            level=logging.WARNING,
            reason=notification.reason,
            pubsub_message_id=notification.message_id,
        )
        return
    if PROBE_ID.fullmatch(id := notification.attributes.get(PROBE_ATTRIBUTE, "")):
        await _note_probe(call, ProbeId(id), notification)
        return
    _note(call, notification)
    if notification in call.use(PushDeduplication):
        log("push doubled", pubsub_message_id=notification.message_id)
        return
    try:
        outcome = await call.use(NotifyPush)(
            notification.email, notification.history_id, trace_id=call.trace_id
        )
    except (PermanentError, FencedOutError) as error:
        about = {"pubsub_message_id": notification.message_id, **unreadable(error)}
        log_failure("push dropped", error, **about)
        return
    if not isinstance(outcome, UnknownMailbox):
        call.use(PushDeduplication).add(notification)
    log(
        "push",
        outcome="unknown_mailbox" if isinstance(outcome, UnknownMailbox) else "notified",
        history_id=notification.history_id,
        pubsub_message_id=notification.message_id,
        **stopped_by(*outcome.outcomes if isinstance(outcome, Notified) else ()),
    )


def _note(call: Call, notification: Notification) -> None:
    """Note what pushes are like (FACTS 2.4, 7.5)."""
    seen = call.use(Sightings)
    seen.count_kind(Kinds.HISTORY_ID_AS, notification.id_form)
    if notification.published_at is not None:
        seen.measure(Duration.PUSH_DELAY, call.use(Clock).now() - notification.published_at)


async def _note_probe(call: Call, id: ProbeId, notification: Notification) -> None:
    """Note how a message came that the doctor published."""
    durations = {}
    if notification.published_at is not None:
        durations[Duration.PUSH_DELAY] = call.use(Clock).now() - notification.published_at
    named = [f"attribute.{name}" for name in sorted(notification.attributes)]
    await note_probe(call, id, durations, *named)


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

MOST: Final = 10_000
"""A few MB; the oldest go first."""


@dataclass(slots=True)
class PushDeduplication:
    """Notifications acted on and acknowledged, by everything they say."""

    _known: BoundedMap[Notification, None] = field(default_factory=lambda: BoundedMap(MOST))

    def __contains__(self, notification: Notification) -> bool:
        return bool(notification.message_id) and notification in self._known

    def add(self, notification: Notification) -> None:
        """Remember one; call only once all it leads to is durable."""
        self._known[notification] = None
