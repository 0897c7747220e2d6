"""Submit a bulk's messages one after the other, at the pace Gmail allows (API 6.5).

One worker a bulk, one bulk a connection at a time: the oldest first. Where the worker dies its
claim runs out and the next one goes on; what was taken up already is its own entry's business.
"""

from asyncio import TaskGroup
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final

from shared.domain.google.refusals import Concern
from shared.domain.send.bulk import BulkSend
from shared.domain.send.entry import Hold, SendEntry, SendState
from shared.errors import (
    ConflictError,
    FencedOutError,
    QueueUnavailableError,
    StoreUnavailableError,
)
from shared.ports.clock import Clock
from shared.ports.documents import Versioned
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import BulkSends, Sends
from shared.usecases.send.pacing import SendPaces, units_of
from shared.usecases.send.resume_send import FinishSend
from shared.usecases.send.rules import BULK_TASK
from shared.usecases.send.send_email import claim
from shared.usecases.sync.work.pace import QuotaGovernor

CLAIM: Final = timedelta(minutes=2)
CHUNK: Final = timedelta(seconds=20)
"""What is submitted between two writes of the position."""
LIMITED_WAIT: Final = timedelta(minutes=1)
HELD_WAIT: Final = timedelta(seconds=50)
BEHIND_WAIT: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Until when a bulk waits, and for trouble of which class, if for any."""

    until: datetime
    concern: Concern | None


@dataclass(frozen=True, slots=True)
class DrainBulk:
    """Works on a bulk for a while; doubled calls are harmless."""

    sends: Sends
    bulk_sends: BulkSends
    queue: Queue
    clock: Clock
    finish_send: FinishSend
    paces: SendPaces
    governor: QuotaGovernor

    async def __call__(self, id: str, *, budget: timedelta) -> BulkSend | None:
        """Return the bulk afterwards; None where it is unknown, finished or claimed.

        Raises StoreUnavailableError, FencedOutError where its claim passed on.
        """
        found = await self.bulk_sends.get(id)
        now = self.clock.now()
        if found is None or found.value.finished_at is not None or found.value.busy(now):
            return None
        try:
            held = await self._claim(found)
        except ConflictError:
            return None
        return await self._drain(_Held(self.bulk_sends, self.clock, held), now + budget)

    async def _claim(self, found: Versioned[BulkSend]) -> Versioned[BulkSend]:
        until = self.clock.now() + CLAIM
        claimed = replace(found.value, claimed_until=until, next_due_at=until, claim=token_hex(8))
        return await self.bulk_sends.swap(found, claimed)

    async def _drain(self, held: "_Held", deadline: datetime) -> BulkSend:
        while held.value.finished_at is None:
            stop = await self._must_wait(held.value)
            if stop is None and self.clock.now() >= deadline:
                stop = _Stop(self.clock.now(), None)
            if stop is None:
                stop = await self._some(held)
            if stop is not None:
                hold = self._hold(held.value, stop)
                await held.write(claimed_until=None, next_due_at=stop.until, hold=hold)
                await self._wake(held.value.id, stop.until)
                return held.value
        await self._wake_next(held.value)
        return held.value

    def _hold(self, bulk: BulkSend, stop: "_Stop") -> Hold | None:
        if stop.concern is None:
            return None
        return Hold(stop.concern, bulk.hold.since if bulk.hold else self.clock.now())

    async def _must_wait(self, bulk: BulkSend) -> "_Stop | None":
        """Return until when: an older bulk goes first, and Google may have asked for a pause."""
        older = await self.bulk_sends.list_unfinished(bulk.connection_id, 1)
        if older and older[0].id != bulk.id:
            return _Stop(self.clock.now() + BEHIND_WAIT, None)
        until = await self.paces.admit(bulk.connection_id)
        return _Stop(until, Concern.RATE) if until is not None else None

    async def _some(self, held: "_Held") -> "_Stop | None":
        """Take up the next messages; return until when to wait, if anything asks for that."""
        bulk = held.value
        copied = await self.paces.fetches_copy(bulk.connection_id)
        ids = bulk.sends[bulk.position :][: self.paces.within(CHUNK, bulk.connection_id)]
        known = await self.sends.many(ids)
        waiting = [known[id] for id in ids if id in known and _to_do(known[id])]
        # A day's hold ends all that waited with it, not a chunk a day.
        over = bulk.hold if bulk.hold and bulk.hold.until <= self.clock.now() else None
        if over is not None:
            await self._expire(over, waiting)
        elif stopped := await self._take_up(bulk, waiting, copied=copied):
            return await self._stop(bulk, stopped)
        position = bulk.position + len(ids)
        done = position >= len(bulk.sends)
        finished_at = self.clock.now() if done else None
        await held.write(position=position, finished_at=finished_at, hold=over)
        return None

    async def _stop(self, bulk: BulkSend, stopped: Sequence[SendEntry]) -> "_Stop":
        """Return how long all of it waits; a limit is told to every instance."""
        now = self.clock.now()
        due = [entry.next_due_at or now for entry in stopped]
        if not any(map(_is_limited, stopped)):
            holds = [entry.hold.concern for entry in stopped if entry.hold]
            return _Stop(max(now + HELD_WAIT, min(due)), holds[0])
        until = max(now + LIMITED_WAIT, *due)
        await self.governor.record_refusal(bulk.connection_id, until)
        return _Stop(until, Concern.RATE)

    async def _expire(self, hold: Hold, entries: Sequence[SendEntry]) -> None:
        """End what was held for a day without a turn of its own."""
        for entry in entries:
            with suppress(ConflictError):
                if found := await self.sends.get(entry.id):
                    await _end_held(self.sends, self.clock, found, hold.concern)

    async def _take_up(
        self, bulk: BulkSend, entries: Sequence[SendEntry], *, copied: bool
    ) -> list[SendEntry]:
        """Start each at its turn; stop once the rest would fare alike, and answer which did."""
        pace = self.paces.pace(bulk.connection_id)
        stopped: list[SendEntry] = []
        async with TaskGroup() as group:
            for entry in entries:
                await pace.spend(units_of(entry.mode, copied=copied))
                if stopped:
                    break
                group.create_task(self._one(entry.id, stopped))
        return stopped

    async def _one(self, id: str, stopped: list[SendEntry]) -> None:
        found = await self.sends.get(id)
        if found is None or not _to_do(found.value) or found.value.busy(self.clock.now()):
            return
        # What the store did not take in is claimed, and comes again by itself.
        with suppress(StoreUnavailableError):
            entry = await self.finish_send.take_up(found, identify=False)
            if entry is not None and (_is_limited(entry) or entry.state is SendState.HELD):
                stopped.append(entry)

    async def _wake(self, id: str, at: datetime) -> None:
        with suppress(QueueUnavailableError):  # else reconcile finds it
            task = Task(BULK_TASK, {"id": id}, QueueName.BULK, not_before=at)
            await self.queue.enqueue(task)

    async def _wake_next(self, done: BulkSend) -> None:
        for bulk in await self.bulk_sends.list_unfinished(done.connection_id, 1):
            await self._wake(bulk.id, self.clock.now())


@dataclass(slots=True)
class _Held:
    """A claimed bulk; every write renews the claim."""

    bulk_sends: BulkSends
    clock: Clock
    current: Versioned[BulkSend]

    @property
    def value(self) -> BulkSend:
        return self.current.value

    async def write(self, **changes: Any) -> None:
        """Raise FencedOutError where the claim passed on."""
        now = self.clock.now()
        until = now + CLAIM
        more = {"claimed_until": until, "next_due_at": until, **changes}
        changed = replace(self.value, **more, updated_at=now, claim=token_hex(8))
        try:
            self.current = await self.bulk_sends.swap(self.current, changed)
        except (ConflictError, StoreUnavailableError) as error:
            fresh = await self.bulk_sends.get(changed.id)
            if fresh is None or fresh.value.claim != changed.claim:
                raise FencedOutError("The bulk passed to another worker.") from error
            self.current = fresh


async def _end_held(
    sends: Sends, clock: Clock, found: Versioned[SendEntry], concern: Concern
) -> None:
    """End a send that was held with its bulk. Raises ConflictError, StoreUnavailableError."""
    entry = await claim(sends, clock, found)
    text = f"Its bulk was held for a day by trouble of the class {concern.value}."
    await entry.record_failure("expired", text)


def _to_do(entry: SendEntry) -> bool:
    """Whether the bulk is to take it up: no call did, or it was stopped before it was sent."""
    if entry.state is SendState.HELD:
        return True
    return entry.state is SendState.ACCEPTED and (entry.attempts == 0 or _is_limited(entry))


def _is_limited(entry: SendEntry) -> bool:
    unsent = entry.state in {SendState.ACCEPTED, SendState.DRAFTED}
    return unsent and entry.error == "rate_limited"
