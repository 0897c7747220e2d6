"""Find what no task wakes: due mailboxes, events, sends, approvals, disconnects (DESIGN 4.9)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import SHARDS
from shared.ports.access import Approvals
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.events import DueEvent, Outbox
from shared.ports.model_store import ModelSyncs
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import BulkSends, Sends
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.disconnect import disconnect_task
from shared.usecases.events.deliver_event import DELIVER_TASK
from shared.usecases.send.rules import BULK_TASK, SEND_TASK
from shared.usecases.sync.models.served import OwnSyncsServed
from shared.usecases.sync.task import adopt_task, models_task, sync_task

SHARDS_AT_ONCE = 8
"""Enough to hide the store's latency, few enough to leave it room for others."""


async def for_each_shard(look: Callable[[int], Awaitable[int]]) -> int:
    """Return the sum of what `look` counted in each shard. Raises what it raises."""
    found = 0
    for start in range(0, SHARDS, SHARDS_AT_ONCE):
        shards = range(start, min(start + SHARDS_AT_ONCE, SHARDS))
        found += sum(await asyncio.gather(*map(look, shards)))
    return found


PAGE = 200


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How much was found due and enqueued."""

    syncs: int
    sends: int


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Only enqueues: the work itself decides by its own state."""

    states: SyncStates
    sends: Sends
    bulk_sends: BulkSends
    queue: Queue
    clock: Clock

    async def __call__(self) -> Reconciled:
        """Look through every shard. Raises StoreUnavailableError, QueueUnavailableError."""
        syncs = await for_each_shard(self._syncs)
        return Reconciled(syncs, sends=await for_each_shard(self._sends))

    async def _sends(self, shard: int) -> int:
        now = self.clock.now()
        due = await self.sends.due(shard, now, PAGE)
        for id in due:
            await self.queue.enqueue(Task(SEND_TASK, {"id": id}))
        bulks = await self.bulk_sends.due(shard, now, PAGE)
        for id in bulks:
            await self.queue.enqueue(Task(BULK_TASK, {"id": id}, QueueName.BULK))
        return len(due) + len(bulks)

    async def _syncs(self, shard: int) -> int:
        due = await self.states.due(shard, self.clock.now(), PAGE)
        for connection_id in due:
            await self.queue.enqueue(sync_task(connection_id))
        return len(due)


@dataclass(frozen=True, slots=True)
class WakeModels:
    """Only enqueues: own syncs that are due, and the look whether every connection has them."""

    states: ModelSyncs
    queue: Queue
    clock: Clock
    own_syncs: OwnSyncsServed = field(default_factory=OwnSyncsServed)

    async def __call__(self) -> int:
        """Return how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        if not self.own_syncs.anywhere:
            return 0
        await self.queue.enqueue(adopt_task())
        return await for_each_shard(self._shard)

    async def _shard(self, shard: int) -> int:
        due = await self.states.due(shard, self.clock.now(), PAGE)
        for connection_id, sync in due:
            await self.queue.enqueue(models_task(connection_id, sync))
        return len(due)


DISCONNECTS_PAGE = 100
PATIENCE = timedelta(minutes=10)
"""How long a disconnect may take by itself: its task is tried again for longer than a request."""


@dataclass(frozen=True, slots=True)
class ResumeDisconnects:
    """Only enqueues: a disconnect finds out by itself which steps are left."""

    connections: Connections
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Return how many were woken. Raises StoreUnavailableError, QueueUnavailableError."""
        query = ConnectionQuery(status=ConnectionStatus.DISCONNECTING, limit=DISCONNECTS_PAGE)
        before = self.clock.now() - PATIENCE
        late = [one for one in await self.connections.find(query) if one.updated_at <= before]
        for one in late:
            await self.queue.enqueue(disconnect_task(one.id, one.created_at))
        return len(late)


APPROVAL_TASK = "/tasks/approval"
APPROVALS_PAGE = 100


@dataclass(frozen=True, slots=True)
class WakeApprovals:
    """Only enqueues: the task decides by the approval's own state."""

    approvals: Approvals
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Return how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        return await for_each_shard(self._shard)

    async def _shard(self, shard: int) -> int:
        due = await self.approvals.due(shard, self.clock.now(), APPROVALS_PAGE)
        for id in due:
            await self.queue.enqueue(Task(APPROVAL_TASK, {"id": id}))
        return len(due)


EVENTS_PAGE = 200
"""Events of one shard that one run wakes; the next run finds the rest."""


@dataclass(frozen=True, slots=True)
class WakeDeliveries:
    """Only enqueues; what waits in a long queue is enqueued once an hour, not at every run."""

    outbox: Outbox
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Return how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        return await for_each_shard(self._shard)

    async def _shard(self, shard: int) -> int:
        now = self.clock.now()
        due = await self.outbox.due(shard, now, EVENTS_PAGE)
        for one in due:
            await self.queue.enqueue(
                Task(DELIVER_TASK, {"event_id": one.id}, QueueName.RETRIES, name=_name(one, now))
            )
        return len(due)


def _name(one: DueEvent, now: datetime) -> str:
    """Name the state the task waits for; the hour, because a name is spent once its task ran."""
    hour = int(now.timestamp()) // 3600
    return f"deliver-{one.id}-{int(one.due_at.timestamp() * 1_000_000)}-{hour}"
