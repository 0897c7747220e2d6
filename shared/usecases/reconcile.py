"""Find what nobody woke: due mailboxes, and sends that a crash left (DESIGN 4)."""

import asyncio
from dataclasses import dataclass

from shared.domain.ids import ConnectionId
from shared.domain.sync_state import SHARDS
from shared.ports.clock import Clock
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import Sends
from shared.ports.sync_store import SyncStates
from shared.usecases.sync_mailbox import SYNC_TASK

PAGE = 200
SHARDS_AT_ONCE = 8
SEND_TASK = "/tasks/send"


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
    queue: Queue
    clock: Clock

    async def __call__(self) -> Reconciled:
        """Look through every shard. Raises StoreUnavailableError, QueueUnavailableError."""
        syncs = 0
        for start in range(0, SHARDS, SHARDS_AT_ONCE):
            shards = range(start, start + SHARDS_AT_ONCE)
            syncs += sum(await asyncio.gather(*(self._shard(shard) for shard in shards)))
        due = await self.sends.due(self.clock.now(), PAGE)
        for send in due:
            await self.queue.enqueue(Task(SEND_TASK, {"id": send}))
        return Reconciled(syncs, len(due))

    async def _shard(self, shard: int) -> int:
        due = await self.states.due(shard, self.clock.now(), PAGE)
        for connection_id in due:
            await self._wake(connection_id)
        return len(due)

    async def _wake(self, connection_id: ConnectionId) -> None:
        body = {"connection_id": connection_id}
        await self.queue.enqueue(Task(SYNC_TASK, body, queue=QueueName.LIVE))
