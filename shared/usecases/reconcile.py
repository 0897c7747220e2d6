"""Find what nobody woke: due mailboxes, and sends that a crash left (DESIGN 4)."""

from dataclasses import dataclass

from shared.ports.clock import Clock
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import BulkSends, Sends
from shared.ports.sync_store import SyncStates
from shared.usecases.send.task_paths import BULK_TASK, SEND_TASK
from shared.usecases.shards import through_shards
from shared.usecases.sync.task import sync_task

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
        syncs = await through_shards(self._syncs)
        return Reconciled(syncs, sends=await through_shards(self._sends))

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
