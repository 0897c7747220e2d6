"""Deliver one event: claim it, make one attempt at each receiver that lacks it, record it.

Whatever dies in between is found again by the claim's end: an event may come twice, it is never
lost. A receiver that has it is not told again because another one failed.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.events.delivery import (
    UNASKED,
    Attempted,
    Failure,
    after,
    as_overtaken,
    claim,
    defer,
    due_to,
    refuse,
    settle,
)
from shared.domain.events.endpoint import WebhookEndpoint
from shared.domain.events.event import RECOVERED, Delivery, Event, EventState
from shared.domain.ids import EventId
from shared.domain.operation import OperationState, OperationType, new_operation
from shared.errors import ConflictError, PostroomError, QueueUnavailableError, TransientError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned, until_written, update
from shared.ports.events import Operations, Outbox
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sinks import OutgoingEvent, Sinks
from shared.usecases.events.bodies import EventBodies, Form
from shared.usecases.events.places import Place, Places
from shared.usecases.events.receivers import Present, Receivers

log = logging.getLogger(__name__)
DELIVER_TASK = "/tasks/deliver"
SOON = timedelta(minutes=10)
"""What is due sooner gets a task of its own; the rest is found by reconcile."""
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
    operations: Operations
    queue: Queue
    sinks: Sinks
    places: Places
    bodies: EventBodies
    clock: Clock

    async def __call__(self, id: EventId) -> DeliveryOutcome:
        """Raise StoreUnavailableError, ConflictError: the task must come again."""
        started = self.clock.now()
        taken = await until_written(lambda: self._take(id))
        if not isinstance(taken, _Taken):
            return taken
        attempts = await self._attempt(taken)
        outcome = await self._record(taken, attempts)
        if outcome is None:
            return NotDue()
        await self._forget(outcome)
        await self._apply_backpressure(taken, attempts)
        await self._log(taken, attempts, outcome, started)
        await self._wake(outcome, outcome.next_attempt_at)
        return Delivered(outcome.state)

    async def _take(self, id: EventId) -> "_Taken | DeliveryOutcome":
        found, now = await self.outbox.get(id), self.clock.now()
        if found is None or not _due(found.value, now):
            return NotDue()
        if await self._is_overtaken(found.value):
            old = as_overtaken(found.value, now)
            await self.outbox.swap(found, old)
            return Delivered(old.state)
        present = await self.receivers.of(found.value)
        waiting = self._without_attempt(found.value, present, now)
        due = {name: one for name, one in present.items() if name not in waiting}
        seated = self.places.take({name: one.receiver for name, one in due.items()})
        turns = {n: self.places.turn(due[n].receiver) for n in due.keys() - seated.keys()}
        if turns and not seated and _is_news_of_none(found.value, waiting):
            return await self._put_back(found.value, min(turns.values()))
        for name, turn in turns.items():
            waiting[name] = defer(found.value.deliveries.get(name), turn, now)
        try:
            if not seated:
                return await self._settle(found, waiting, now)
            held = await self.outbox.swap(found, claim(found.value, now))
        except BaseException:
            for place in seated.values():
                self.places.leave(place)
            raise
        return _Taken(held, {name: due[name] for name in seated}, waiting, {**seated})

    async def _is_overtaken(self, event: Event) -> bool:
        """Whether the failure that it reports is over, and the product is told so already."""
        if event.payload.get("success") is not False or event.type not in RECOVERED:
            return False
        later = await self.outbox.list(
            state=None, connection_id=event.connection_id, limit=LATER_EVENTS
        )
        return any(event.is_overtaken_by(one) for one in later)

    async def _settle(
        self, found: Versioned[Event], waiting: Mapping[str, Delivery], now: datetime
    ) -> Delivered:
        outcome = settle(found.value, waiting, now)
        await self.outbox.swap(found, outcome)
        await self._forget(outcome)
        await self._wake(outcome, outcome.next_attempt_at)
        return Delivered(outcome.state)

    async def _put_back(self, event: Event, turn: datetime) -> PutBack:
        """Let the event come again at its turn; it stays as it is, so nothing is written."""
        await self._wake(event, turn)
        return PutBack()

    def _without_attempt(
        self, event: Event, present: Mapping[str, Present], now: datetime
    ) -> dict[str, Delivery]:
        """Return how the event stands with receivers that are not to be told now."""
        found: dict[str, Delivery] = {}
        for name, one in present.items():
            earlier = event.deliveries.get(name)
            if not due_to(event, name, now):
                assert earlier is not None  # noqa: S101  who has no delivery is due
                found[name] = earlier
            elif one.disabled:
                found[name] = refuse(earlier, Failure.DISABLED)
            elif until := self._waits_until(one, now):
                found[name] = defer(earlier, until, now)
        return found

    def _waits_until(self, one: Present, now: datetime) -> datetime | None:
        known = (one.deferred_until(now), self.places.waits_until(one.receiver.address))
        return max((until for until in known if until is not None), default=None)

    async def _attempt(self, taken: "_Taken") -> Mapping[str, Attempted]:
        """Tell every receiver at once: a slow one holds no other up."""
        try:
            receivers = [one.receiver for one in taken.due.values()]
            bodies = await self.bodies(taken.event, receivers)
            made = await asyncio.gather(
                *(self._tell_once(taken, name, bodies) for name in taken.due)
            )
        finally:
            for place in taken.seated.values():  # of attempts that were cancelled before they began
                self.places.leave(place)
        return dict(zip(taken.due, made, strict=True))

    async def _tell_once(
        self, taken: "_Taken", name: str, bodies: Mapping[Form, bytes]
    ) -> Attempted:
        attempted, present = None, taken.due[name]
        try:
            body = bodies[present.receiver.flavour, present.receiver.content]
            attempted = await self._deliver(present, taken.event, body)
        finally:
            self.places.leave(taken.seated.pop(name), attempted)
        return attempted

    async def _deliver(self, present: Present, event: Event, body: bytes) -> Attempted:
        now = self.clock.now()
        sink = self.sinks.of(present.receiver)
        if sink is None:
            return Attempted(Failure.MISCONFIGURED)
        try:
            receiver = await self.receivers.open(present, now)
        except PostroomError as error:  # its secret does not open: no other receiver's trouble
            log.warning("receiver left out: %s", error.code, extra={"event": event.id})
            return Attempted(Failure.MISCONFIGURED)
        outgoing = OutgoingEvent(
            event.id, event.connection_id, event.type, body, now, event.trace_id
        )
        return await sink(receiver, outgoing)

    async def _record(self, taken: "_Taken", attempts: Mapping[str, Attempted]) -> Event | None:
        """Write what came of it; None where the claim passed to another worker."""

        def outcome(was: Event) -> Event | None:
            if was.claimed_until != taken.event.claimed_until:
                return None
            now, earlier = self.clock.now(), was.deliveries
            told = {name: after(earlier.get(name), one, now) for name, one in attempts.items()}
            return settle(was, {**taken.waiting, **told}, now)

        return await update(self.outbox, taken.event.id, outcome, taken.held)

    async def _forget(self, event: Event) -> None:
        """Delete the last word of a connection that is gone; a crash leaves it to its expiry."""
        if not event.is_farewell or event.state is not EventState.DELIVERED:
            return
        if found := await self.outbox.get(event.id):
            with suppress(ConflictError):
                await self.outbox.delete(found)

    async def _apply_backpressure(self, taken: "_Taken", attempts: Mapping[str, Attempted]) -> None:
        """Disable what answered 410; keep for every instance who is to be left alone till when."""
        now = self.clock.now()
        for name, attempted in attempts.items():
            one = taken.due[name]
            until = self.places.waits_until(one.receiver.address)
            with suppress(ConflictError):  # changed meanwhile; the next event finds out again
                if attempted.failure is Failure.GONE:
                    await self.receivers.disable(one, "gone", now)
                elif (endpoint := one.endpoint) and endpoint.value.has_failed_for_days(
                    attempted.failure, now
                ):
                    await self.receivers.disable(one, "failing", now)
                    log.error("endpoint disabled", extra={"code": "failing"})
                elif (seen := _seen_by(one, attempted, now)) is not None:
                    await self.receivers.note(one, seen, until)
                elif attempted.failure is not None and until is not None:
                    await self.receivers.defer(one, until)

    async def _wake(self, event: Event, due: datetime | None) -> None:
        if event.state is not EventState.PENDING or due is None:
            return
        if due > self.clock.now() + SOON:
            return
        task = Task(DELIVER_TASK, {"event_id": event.id}, QueueName.RETRIES, not_before=due)
        try:
            await self.queue.enqueue(replace(task, trace_id=event.trace_id))
        except QueueUnavailableError:
            log.warning("next attempt left to reconcile", extra={"event": event.id})

    async def _log(
        self, taken: "_Taken", attempts: Mapping[str, Attempted], event: Event, started: datetime
    ) -> None:
        """Append to the operations log; losing the entry never fails the delivery."""
        failed = [one.failure for one in attempts.values() if one.failure is not None]
        state = OperationState.OK if not failed else OperationState.PARTIAL
        now = self.clock.now()
        entry = new_operation(
            OperationType.DELIVERY,
            event.type.value,
            event.connection_id,
            started,
            now,
            error=failed[0] if failed else None,
            state=OperationState.FAILED if len(failed) == len(attempts) else state,
            trace_id=event.trace_id,
            detail={
                "event_id": event.id,
                "attempt": taken.event.attempts,
                "event_state": event.state.value,
                "receivers": {name: _attempt_fields(one) for name, one in attempts.items()},
            },
        )
        try:
            await self.operations.append(entry)
        except TransientError:
            log.warning("operations log entry lost", extra={"event": event.id})


@dataclass(frozen=True, slots=True)
class _Taken:
    """An event in our hands: who is to be told now, and how it stands with all others."""

    held: Versioned[Event]
    due: Mapping[str, Present]
    waiting: Mapping[str, Delivery]
    seated: dict[str, Place]

    @property
    def event(self) -> Event:
        return self.held.value


def _due(event: Event, now: datetime) -> bool:
    if event.state is not EventState.PENDING:
        return False
    if event.claimed_until is not None and event.claimed_until > now:
        return False
    return event.next_attempt_at is None or event.next_attempt_at <= now


def _is_news_of_none(event: Event, waiting: Mapping[str, Delivery]) -> bool:
    """Whether how the event stands with these receivers is stored already."""
    return all(event.deliveries.get(name) == one for name, one in waiting.items())


def _seen_by(one: Present, attempted: Attempted, now: datetime) -> WebhookEndpoint | None:
    """Return the endpoint with what the attempt showed; None where nothing need be written."""
    if one.endpoint is None or attempted.failure in UNASKED:
        return None
    was = one.endpoint.value
    seen = was.with_success(now) if attempted.ok else was.with_failure(now)
    return None if seen == was else seen


def _attempt_fields(one: Attempted) -> dict[str, int | str | None]:
    return {"status": one.status, "error": one.failure}


@dataclass(frozen=True, slots=True)
class Announce:
    """Enqueues the delivery of an event right after the commit that wrote it.

    The store calls this for every event it inserts, so that no use case and no port can forget it.
    A lost wake-up is harmless: reconcile finds every event that is due.
    """

    queue: Queue

    async def __call__(self, event: Event, queue: QueueName = QueueName.EVENTS) -> None:
        """Enqueue it; never fail the writer."""
        body = {"event_id": event.id}
        try:
            await self.queue.enqueue(Task(DELIVER_TASK, body, queue, trace_id=event.trace_id))
        except PostroomError:
            log.warning("delivery left to reconcile", extra={"event": event.id})
