"""Find calls that waited too long for a person, and approved ones that a crash left."""

from dataclasses import dataclass

from shared.ports.approvals import Approvals
from shared.ports.clock import Clock
from shared.ports.queue import Queue, Task
from shared.usecases.shards import through_shards

APPROVAL_TASK = "/tasks/approval"
PAGE = 100


@dataclass(frozen=True, slots=True)
class WakeApprovals:
    """Only enqueues: the task decides by the approval's own state."""

    approvals: Approvals
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Answer how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        return await through_shards(self._shard)

    async def _shard(self, shard: int) -> int:
        due = await self.approvals.due(shard, self.clock.now(), PAGE)
        for id in due:
            await self.queue.enqueue(Task(APPROVAL_TASK, {"id": id}))
        return len(due)
