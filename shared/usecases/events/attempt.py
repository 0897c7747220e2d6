"""One attempt at the receivers of an event in our hands: make it, record it, log it.

A receiver that has the event is not told again because another one failed.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.events.delivery import (
    UNASKED,
    Attempted,
    Failure,
    after,
    defer,
    due_to,
    refuse,
    settle,
)
from shared.domain.events.endpoint import WebhookEndpoint
from shared.domain.events.event import Delivery, Event, EventState
from shared.domain.operation import OperationState, OperationType, new_operation
from shared.errors import ConflictError, PostroomError, QueueUnavailableError, TransientError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned, update
from shared.ports.events import Operations, Outbox
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sinks import OutgoingEvent, Receiver, Sink
from shared.usecases.events.bodies import EventBodies, Form
from shared.usecases.events.places import Place, Places
from shared.usecases.events.receivers import Present, Receivers

log = logging.getLogger(__name__)
DELIVER_TASK = "/tasks/deliver"
SOON = timedelta(minutes=10)
"""What is due sooner gets a task of its own; the rest is found by reconcile."""
SinkOf = Callable[[Receiver], Sink | None]


@dataclass(frozen=True, slots=True)
class Seats:
    """Which receivers are told now, each with its place, and how it stands with the others."""

    due: Mapping[str, Present]
    waiting: Mapping[str, Delivery]
    """Of those that are not to be told now."""
    late: Mapping[str, Delivery]
    """Of those that there was no place for."""
    places: dict[str, Place]
    turn: datetime | None
    """When a place may be free; None where each has one."""

    @property
    def untold(self) -> Mapping[str, Delivery]:
        """Return how the event stands with all that are not told now."""
        return {**self.waiting, **self.late}


@dataclass(frozen=True, slots=True)
class Taken:
    """A claimed event in our hands, and who is to be told."""

    held: Versioned[Event]
    seats: Seats

    @property
    def event(self) -> Event:
        """Return the event as it was claimed."""
        return self.held.value

    @property
    def due(self) -> Mapping[str, Present]:
        """Return who is told now, by name."""
        return self.seats.due


@dataclass(frozen=True)
class Attempts:
    """What follows once an event is claimed, by a task or within a push."""

    outbox: Outbox
    receivers: Receivers
    operations: Operations
    queue: Queue
    places: Places
    bodies: EventBodies
    clock: Clock

    def seat(self, event: Event, present: Mapping[str, Present], now: datetime) -> Seats:
        """Take a place for each receiver that is to be told now; give them back if it is not."""
        waiting = self.without_attempt(event, present, now)
        due = {name: one for name, one in present.items() if name not in waiting}
        places = self.places.take({name: one.receiver for name, one in due.items()})
        turns = {n: self.places.turn(due[n].receiver) for n in due.keys() - places.keys()}
        late = {n: defer(event.deliveries.get(n), turn, now) for n, turn in turns.items()}
        seated = {name: due[name] for name in places}
        return Seats(seated, waiting, late, {**places}, min(turns.values(), default=None))

    def leave(self, seats: Seats) -> None:
        """Give back the places of attempts that are not made."""
        for place in seats.places.values():
            self.places.leave(place)
        seats.places.clear()

    def without_attempt(
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

    async def settle(
        self, found: Versioned[Event], waiting: Mapping[str, Delivery], now: datetime
    ) -> EventState:
        """Store how the event stands, without an attempt. Raises ConflictError."""
        outcome = settle(found.value, waiting, now)
        await self.outbox.swap(found, outcome)
        await self._forget(outcome)
        await self.wake(outcome, outcome.next_attempt_at)
        return outcome.state

    async def make(self, taken: Taken, sink_of: SinkOf) -> EventState | None:
        """Tell who is due, and store what came of it; None where the claim passed on.

        Raises StoreUnavailableError: the claim's end brings the event back.
        """
        started = self.clock.now()
        attempts = await self._attempt(taken, sink_of)
        outcome = await self._record(taken, attempts)
        if outcome is None:
            return None
        await self._forget(outcome)
        await self._apply_backpressure(taken, attempts)
        await self._log(taken, attempts, outcome, started)
        await self.wake(outcome, outcome.next_attempt_at)
        return outcome.state

    async def _attempt(self, taken: Taken, sink_of: SinkOf) -> Mapping[str, Attempted]:
        """Tell every receiver at once: a slow one holds no other up."""
        try:
            receivers = [one.receiver for one in taken.due.values()]
            bodies = await self.bodies(taken.event, receivers)
            made = await asyncio.gather(
                *(self._tell_once(taken, name, bodies, sink_of) for name in taken.due)
            )
        finally:
            self.leave(taken.seats)  # of attempts that were cancelled before they began
        return dict(zip(taken.due, made, strict=True))

    async def _tell_once(
        self, taken: Taken, name: str, bodies: Mapping[Form, bytes], sink_of: SinkOf
    ) -> Attempted:
        attempted, present = None, taken.due[name]
        try:
            body = bodies[present.receiver.flavour, present.receiver.content]
            attempted = await self._deliver(present, taken.event, body, sink_of(present.receiver))
        finally:
            self.places.leave(taken.seats.places.pop(name), attempted)
        return attempted

    async def _deliver(
        self, present: Present, event: Event, body: bytes, sink: Sink | None
    ) -> Attempted:
        now = self.clock.now()
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

    async def _record(self, taken: Taken, attempts: Mapping[str, Attempted]) -> Event | None:
        """Write what came of it; None where the claim passed to another worker."""

        def outcome(was: Event) -> Event | None:
            if was.claimed_until != taken.event.claimed_until:
                return None
            now, earlier = self.clock.now(), was.deliveries
            told = {name: after(earlier.get(name), one, now) for name, one in attempts.items()}
            return settle(was, {**taken.seats.untold, **told}, now)

        return await update(self.outbox, taken.event.id, outcome, taken.held)

    async def _forget(self, event: Event) -> None:
        """Delete the last word of a connection that is gone; a crash leaves it to its expiry."""
        if not event.is_farewell or event.state is not EventState.DELIVERED:
            return
        if found := await self.outbox.get(event.id):
            with suppress(ConflictError):
                await self.outbox.delete(found)

    async def _apply_backpressure(self, taken: Taken, attempts: Mapping[str, Attempted]) -> None:
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

    async def wake(self, event: Event, due: datetime | None) -> None:
        """Enqueue the next attempt where it is due soon; losing that leaves it to reconcile."""
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
        self, taken: Taken, attempts: Mapping[str, Attempted], event: Event, started: datetime
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


def _seen_by(one: Present, attempted: Attempted, now: datetime) -> WebhookEndpoint | None:
    """Return the endpoint with what the attempt showed; None where nothing need be written."""
    if one.endpoint is None or attempted.failure in UNASKED:
        return None
    was = one.endpoint.value
    seen = was.with_success(now) if attempted.ok else was.with_failure(now)
    return None if seen == was else seen


def _attempt_fields(one: Attempted) -> dict[str, int | str | None]:
    return {"status": one.status, "error": one.failure}
