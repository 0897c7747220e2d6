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

from shared.domain.send.bulk import BulkSend
from shared.domain.send.entry import SendEntry, SendState
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
from shared.usecases.sync.work.pace import QuotaGovernor

CLAIM: Final = timedelta(minutes=2)
CHUNK: Final = timedelta(seconds=20)
"""What is submitted between two writes of the position."""
LIMITED_WAIT: Final = timedelta(minutes=1)
BEHIND_WAIT: Final = timedelta(minutes=1)


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
        """Return the bulk afterwards; None where it is unknown, finished or somebody's.

        Raises StoreUnavailableError, FencedOutError where its claim passed on.
        """
        found = await self.bulk_sends.get(id)
        now = self.clock.now()
        if found is None or found.value.finished_at is not None or found.value.busy(now):
            return None
        try:
            held = await self._claimed(found)
        except ConflictError:
            return None
        return await self._drained(_Held(self.bulk_sends, self.clock, held), now + budget)

    async def _claimed(self, found: Versioned[BulkSend]) -> Versioned[BulkSend]:
        until = self.clock.now() + CLAIM
        claimed = replace(found.value, claimed_until=until, next_due_at=until, claim=token_hex(8))
        return await self.bulk_sends.swap(found, claimed)

    async def _drained(self, held: "_Held", deadline: datetime) -> BulkSend:
        while held.value.finished_at is None:
            wait = await self._must_wait(held.value)
            if wait is None and self.clock.now() >= deadline:
                wait = self.clock.now()
            if wait is None:
                wait = await self._some(held)
            if wait is not None:
                await held.write(claimed_until=None, next_due_at=wait)
                await self._wake(held.value.id, wait)
                return held.value
        await self._wake_next(held.value)
        return held.value

    async def _must_wait(self, bulk: BulkSend) -> datetime | None:
        """Return until when: an older bulk goes first, and Google may have asked for a pause."""
        older = await self.bulk_sends.unfinished(bulk.connection_id, 1)
        if older and older[0].id != bulk.id:
            return self.clock.now() + BEHIND_WAIT
        return await self.paces.admit(bulk.connection_id)

    async def _some(self, held: "_Held") -> datetime | None:
        """Take up the next messages; answer until when to wait, if Gmail asked for it."""
        bulk = held.value
        copied = await self.paces.copied(bulk.connection_id)
        ids = bulk.sends[bulk.position :][: self.paces.within(CHUNK, bulk.connection_id)]
        known = await self.sends.many(ids)
        waiting = [known[id] for id in ids if id in known and _to_do(known[id])]
        limited = await self._take_up(bulk, waiting, copied=copied)
        if limited:
            until = max(self.clock.now() + LIMITED_WAIT, *limited)
            await self.governor.refused(bulk.connection_id, until)
            return until
        position = bulk.position + len(ids)
        done = position >= len(bulk.sends)
        await held.write(position=position, finished_at=self.clock.now() if done else None)
        return None

    async def _take_up(
        self, bulk: BulkSend, entries: Sequence[SendEntry], *, copied: bool
    ) -> list[datetime]:
        """Start each at its turn; stop once Gmail limits the rate, and answer until when."""
        pace = self.paces.pace(bulk.connection_id)
        limited: list[datetime] = []
        async with TaskGroup() as group:
            for entry in entries:
                await pace.spend(units_of(entry.mode, copied=copied))
                if limited:
                    break
                group.create_task(self._one(entry.id, limited))
        return limited

    async def _one(self, id: str, limited: list[datetime]) -> None:
        found = await self.sends.get(id)
        if found is None or not _to_do(found.value) or found.value.busy(self.clock.now()):
            return
        # What the store did not take in is claimed, and comes again by itself.
        with suppress(StoreUnavailableError):
            entry = await self.finish_send.take_up(found, identify=False)
            if entry is not None and _limited(entry):
                limited.append(entry.next_due_at or self.clock.now())

    async def _wake(self, id: str, at: datetime) -> None:
        with suppress(QueueUnavailableError):  # else reconcile finds it
            task = Task(BULK_TASK, {"id": id}, QueueName.BULK, not_before=at)
            await self.queue.enqueue(task)

    async def _wake_next(self, done: BulkSend) -> None:
        for bulk in await self.bulk_sends.unfinished(done.connection_id, 1):
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


def _to_do(entry: SendEntry) -> bool:
    """Whether the bulk is to take it up: nobody did, or a limit stopped it before it was sent."""
    return entry.state is SendState.ACCEPTED and (entry.attempts == 0 or _limited(entry))


def _limited(entry: SendEntry) -> bool:
    unsent = entry.state in {SendState.ACCEPTED, SendState.DRAFTED}
    return unsent and entry.error == "rate_limited"
