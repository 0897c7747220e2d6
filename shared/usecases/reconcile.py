"""Find what no task wakes: due mailboxes, events, sends, approvals, disconnects (DESIGN 4.9)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.connect.connection import ConnectionStatus
from shared.ports.access import Approvals
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.events import DueEvent, Outbox
from shared.ports.model_store import ModelSyncs
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import BulkSends, Sends
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.disconnect import disconnect_task
from shared.usecases.events.attempt import DELIVER_TASK
from shared.usecases.send.rules import BULK_TASK, SEND_TASK
from shared.usecases.sync.models.adopt import OwnSyncsServed
from shared.usecases.sync.task import adopt_task, models_task, sync_task

PAGE = 10_000
"""Most of one kind that one run wakes; the next run finds the rest."""
ENQUEUED_AT_ONCE = 8
"""Enough to hide the queue's latency, few enough to leave it room for others."""


async def enqueue_all(queue: Queue, tasks: Sequence[Task]) -> int:
    """Enqueue them, some at a time; return how many. Raises QueueUnavailableError."""
    for start in range(0, len(tasks), ENQUEUED_AT_ONCE):
        await asyncio.gather(*map(queue.enqueue, tasks[start : start + ENQUEUED_AT_ONCE]))
    return len(tasks)


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
        """Look for what is due. Raises StoreUnavailableError, QueueUnavailableError."""
        syncs = await self.states.due(self.clock.now(), PAGE)
        woken = await enqueue_all(self.queue, [sync_task(id) for id in syncs])
        return Reconciled(woken, sends=await self._sends())

    async def _sends(self) -> int:
        now = self.clock.now()
        sends = [Task(SEND_TASK, {"id": id}) for id in await self.sends.due(now, PAGE)]
        bulks = await self.bulk_sends.due(now, PAGE)
        of_bulks = [Task(BULK_TASK, {"id": id}, QueueName.BULK) for id in bulks]
        return await enqueue_all(self.queue, [*sends, *of_bulks])


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
        due = await self.states.due(self.clock.now(), PAGE)
        return await enqueue_all(self.queue, [models_task(id, sync) for id, sync in due])


DISCONNECTS_PAGE = 100
GRACE = timedelta(minutes=10)
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
        before = self.clock.now() - GRACE
        late = [one for one in await self.connections.find(query) if one.updated_at <= before]
        for one in late:
            await self.queue.enqueue(disconnect_task(one.id, one.created_at))
        return len(late)


APPROVAL_TASK = "/tasks/approval"


@dataclass(frozen=True, slots=True)
class WakeApprovals:
    """Only enqueues: the task decides by the approval's own state."""

    approvals: Approvals
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Return how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        due = await self.approvals.due(self.clock.now(), PAGE)
        return await enqueue_all(self.queue, [Task(APPROVAL_TASK, {"id": id}) for id in due])


@dataclass(frozen=True, slots=True)
class WakeDeliveries:
    """Only enqueues; what waits in a long queue is enqueued once an hour, not at every run."""

    outbox: Outbox
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Return how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        now = self.clock.now()
        tasks = [
            Task(DELIVER_TASK, {"event_id": one.id}, QueueName.RETRIES, name=_name(one, now))
            for one in await self.outbox.due(now, PAGE)
        ]
        return await enqueue_all(self.queue, tasks)


def _name(one: DueEvent, now: datetime) -> str:
    """Name the state the task waits for; the hour, because a name is spent once its task ran."""
    hour = int(now.timestamp()) // 3600
    return f"deliver-{one.id}-{int(one.due_at.timestamp() * 1_000_000)}-{hour}"
