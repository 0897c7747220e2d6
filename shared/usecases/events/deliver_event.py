"""Deliver one event: claim it, make one attempt at each receiver that lacks it, record it.

Whatever dies in between is found again by the claim's end: an event may come twice, it is never
lost.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.events.delivery import as_overtaken, claim
from shared.domain.events.event import RECOVERED, Delivery, Event, EventState
from shared.domain.ids import EventId
from shared.errors import PostroomError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned, until_written
from shared.ports.events import Claimed, Outbox
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sinks import Sinks
from shared.usecases.events.attempt import DELIVER_TASK, Attempts, Taken
from shared.usecases.events.receivers import Receivers

log = logging.getLogger(__name__)
LATER_EVENTS = 50
"""Newest events among which the end of a failure is looked for."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One attempt was made; `state` is the event's now."""

    state: EventState


@dataclass(frozen=True, slots=True)
class NotDue:
    """Unknown, done, not yet due, or in another worker's hands."""


@dataclass(frozen=True, slots=True)
class PutBack:
    """Its receivers have their share of the places: it comes again, and holds none meanwhile."""


DeliveryOutcome = Delivered | NotDue | PutBack


@dataclass(frozen=True)
class DeliverEvent:
    """One delivery attempt of one event."""

    outbox: Outbox
    receivers: Receivers
    sinks: Sinks
    attempts: Attempts
    clock: Clock

    async def __call__(self, id: EventId) -> DeliveryOutcome:
        """Raise StoreUnavailableError, ConflictError: the task must come again."""
        taken = await until_written(lambda: self._take(id))
        if not isinstance(taken, Taken):
            return taken
        state = await self.attempts.make(taken, self.sinks.of)
        return NotDue() if state is None else Delivered(state)

    async def _take(self, id: EventId) -> Taken | DeliveryOutcome:
        found, now = await self.outbox.get(id), self.clock.now()
        if found is None or not _due(found.value, now):
            return NotDue()
        if await self._is_overtaken(found.value):
            old = as_overtaken(found.value, now)
            await self.outbox.swap(found, old)
            return Delivered(old.state)
        present = await self.receivers.of(found.value)
        seats = self.attempts.seat(found.value, present, now)
        try:
            if seats.late and not seats.due and _is_news_of_none(found.value, seats.waiting):
                await self.attempts.wake(found.value, seats.turn)
                return PutBack()  # it stays as it is, so nothing is written
            if not seats.due:
                return Delivered(await self.attempts.settle(found, seats.untold, now))
            return Taken(await self.outbox.swap(found, claim(found.value, now)), seats)
        except BaseException:
            self.attempts.leave(seats)
            raise

    async def _is_overtaken(self, event: Event) -> bool:
        """Whether the failure that it reports is over, and the product is told so already."""
        if event.payload.get("success") is not False or event.type not in RECOVERED:
            return False
        later = await self.outbox.list(
            state=None, connection_id=event.connection_id, limit=LATER_EVENTS
        )
        return any(event.is_overtaken_by(one) for one in later)


def _due(event: Event, now: datetime) -> bool:
    if event.state is not EventState.PENDING:
        return False
    if event.claimed_until is not None and event.claimed_until > now:
        return False
    return event.next_attempt_at is None or event.next_attempt_at <= now


def _is_news_of_none(event: Event, waiting: Mapping[str, Delivery]) -> bool:
    """Whether how the event stands with these receivers is stored already."""
    return all(event.deliveries.get(name) == one for name, one in waiting.items())


@dataclass(frozen=True, slots=True)
class Announce:
    """Wakes the delivery of an event right after the commit that wrote it.

    The store calls this for every event it inserts, so that no use case and no port can forget it.
    What this process claimed by the same commit it has in hand. A lost wake-up is harmless:
    reconcile finds every event that is due.
    """

    queue: Queue
    claimed: Claimed

    async def announce_stored(self, found: Versioned[Event]) -> None:
        """Wake the delivery of an event that was just stored; never fail the writer."""
        if found.value.claimed_until is not None:
            self.claimed.add(found)
        elif found.value.state is EventState.PENDING:
            await self(found.value)

    async def __call__(self, event: Event, queue: QueueName = QueueName.EVENTS) -> None:
        """Enqueue its delivery; never fail the caller."""
        body = {"event_id": event.id}
        try:
            await self.queue.enqueue(Task(DELIVER_TASK, body, queue, trace_id=event.trace_id))
        except PostroomError:
            log.warning("delivery left to reconcile", extra={"event": event.id})
