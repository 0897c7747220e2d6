"""How an event goes out: the schedule, what an attempt came to, and what follows from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.cursor import cursor_of
from shared.domain.events.event import (
    KEPT_AFTER_DELIVERY,
    KEPT_UNDELIVERED,
    Delivery,
    DeliveryState,
    Event,
    EventState,
)
from shared.domain.events.flavour import Flavour, in_flavour

SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long each attempt waits after the one before has failed; then the event is dead."""
CLAIM = timedelta(seconds=90)
"""Longer than an attempt may take, so that two workers never deliver one event at once."""
LONGEST_WAIT = timedelta(hours=24)
"""Most of a Retry-After that is honoured."""


NO_NAMES: Mapping[str, str] = {}
LONGEST_DEFERRED = sum(SCHEDULE, LONGEST_WAIT)
"""How long an event waits for a receiver that is never ready to be tried."""


class Failure(StrEnum):
    """Why an attempt failed: the `error` of a delivery."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    UNRESOLVED = "name_unresolved"
    """The host's name has no address, or its name servers do not answer."""
    TLS = "tls_failed"
    ADDRESS_REFUSED = "address_refused"
    """The address leads somewhere no webhook may go."""
    REDIRECTED = "redirected"
    """Redirects are not followed: give the final address."""
    REFUSED = "refused"
    """Any other answer but a 2xx; `status` says which."""
    THROTTLED = "throttled"
    """429, 502, 503 or 504: the receiver asks for time."""
    GONE = "gone"
    """410: the receiver wants no more; its endpoint is disabled."""
    DISABLED = "endpoint_disabled"
    SINK_GONE = "sink_gone"
    """The topic or queue does not exist."""
    SINK_FORBIDDEN = "sink_forbidden"
    """The topic, queue or role does not let this deployment in."""
    BUSY = "busy"
    """This instance had no room or no time for the attempt: it says nothing of the receiver."""
    MISCONFIGURED = "misconfigured"
    """A setting or a library that this receiver needs is missing here."""


UNASKED = frozenset({Failure.BUSY, Failure.MISCONFIGURED, Failure.ADDRESS_REFUSED})
"""The receiver was not asked, so nothing was learnt of it."""
BUSY_WAIT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Attempted:
    """What one attempt came to; `failure` None is success."""

    failure: Failure | None = None
    status: int | None = None
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        """Whether the receiver has the event."""
        return self.failure is None


def shown_payload(event: Event) -> dict[str, Any]:
    """Return the body the product gets: the stored sequence number as the opaque cursor."""
    shown = {**event.payload, "createdAt": event.created_at.isoformat()}
    if event.version is not None:
        shown["version"] = event.version
    if (sequence := shown.pop("cursorSequence", None)) is not None:
        model = shown.pop("cursorModel", "")
        shown["cursor"] = cursor_of(event.connection_id, sequence, model)
    shown.pop("sequenceBefore", None)
    return shown


def body_of(
    event: Event,
    flavour: Flavour = Flavour.POSTROOM,
    messages: bytes = b"",
    names: Mapping[str, str] = NO_NAMES,
) -> bytes:
    """Return the body's bytes; `names` take the place of its own.

    `messages` are members that are JSON already; without them the bytes are the same at every
    attempt.
    """
    shown = {**in_flavour(shown_payload(event), flavour), **names}
    body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%b,%b}" % (body[:-1], messages) if messages else body


def claim(event: Event, now: datetime) -> Event:
    """Return the event in one worker's hands; a worker that dies is found when the claim ends."""
    until = now + CLAIM
    return replace(event, attempts=event.attempts + 1, claimed_until=until, next_attempt_at=until)


def due_to(event: Event, receiver: str, now: datetime) -> bool:
    """Whether the receiver lacks the event and it is time to try."""
    earlier = event.deliveries.get(receiver)
    if earlier is None:
        return True
    if earlier.state is not DeliveryState.WAITING:
        return False
    return earlier.next_attempt_at is None or earlier.next_attempt_at <= now


def after(earlier: Delivery | None, attempted: Attempted, now: datetime) -> Delivery:
    """Return how the event stands with a receiver after one more attempt, if it was one."""
    if attempted.failure is Failure.BUSY:
        wait = BUSY_WAIT if attempted.retry_after is None else attempted.retry_after
        return defer(earlier, now + wait, now)
    attempts = 1 + (earlier.attempts if earlier else 0)
    made = Delivery(
        DeliveryState.DELIVERED,
        attempts,
        last_attempt_at=now,
        status=attempted.status,
        error=attempted.failure,
    )
    if attempted.ok:
        return made
    if attempted.failure is Failure.GONE or attempts >= len(SCHEDULE):
        return replace(made, state=DeliveryState.DEAD)
    asked = min(attempted.retry_after or timedelta(0), LONGEST_WAIT)
    again = now + max(SCHEDULE[attempts], asked)
    return replace(made, state=DeliveryState.WAITING, next_attempt_at=again)


def defer(earlier: Delivery | None, until: datetime, now: datetime) -> Delivery:
    """Return a delivery that waits without an attempt: the receiver is left alone until then.

    It is dead where it has waited for longer than the whole schedule takes.
    """
    base = earlier or Delivery(DeliveryState.WAITING)
    since = base.waits_since or now
    if now - since > LONGEST_DEFERRED:
        return refuse(base, Failure(base.error or Failure.TIMEOUT))
    return replace(base, state=DeliveryState.WAITING, next_attempt_at=until, waits_since=since)


def refuse(earlier: Delivery | None, failure: Failure) -> Delivery:
    """Return a delivery that is dead without an attempt."""
    base = earlier or Delivery(DeliveryState.WAITING)
    return replace(base, state=DeliveryState.DEAD, next_attempt_at=None, error=failure)


def settle(event: Event, deliveries: Mapping[str, Delivery], now: datetime) -> Event:
    """Return the event after an attempt; `deliveries` are those of every present receiver.

    An event without receivers counts as delivered, to none.
    """
    told = {name: one for name, one in event.deliveries.items() if _has_it(one)}
    told |= deliveries
    waiting = [one.next_attempt_at or now for one in told.values() if _waits(one)]
    errors = [one.error for one in told.values() if not _has_it(one) and one.error is not None]
    base = replace(
        event,
        deliveries=told,
        claimed_until=None,
        next_attempt_at=min(waiting, default=None),
        last_error=errors[0] if errors else None,
    )
    if waiting:
        return replace(base, state=EventState.PENDING)
    if all(_has_it(one) for one in told.values()):
        return replace(
            base,
            state=EventState.DELIVERED,
            delivered_at=now,
            expires_at=now if event.is_farewell else now + KEPT_AFTER_DELIVERY,
        )
    return replace(base, state=EventState.DEAD, expires_at=now + KEPT_UNDELIVERED)


def as_overtaken(event: Event, now: datetime) -> Event:
    """Return an event that is not sent any more, because a later one has made it old."""
    return replace(
        event,
        state=EventState.OVERTAKEN,
        claimed_until=None,
        next_attempt_at=None,
        expires_at=now + KEPT_AFTER_DELIVERY,
    )


def again(event: Event, now: datetime) -> Event:
    """Return the event made due for the receivers that lack it, for all of them where none does."""
    whole = event.state is EventState.DELIVERED
    kept = {} if whole else {n: one for n, one in event.deliveries.items() if _has_it(one)}
    return replace(
        event,
        state=EventState.PENDING,
        deliveries=kept,
        next_attempt_at=now,
        claimed_until=None,
        delivered_at=None,
        expires_at=now + KEPT_UNDELIVERED,
    )


def _has_it(one: Delivery) -> bool:
    return one.state is DeliveryState.DELIVERED


def _waits(one: Delivery) -> bool:
    return one.state is DeliveryState.WAITING
