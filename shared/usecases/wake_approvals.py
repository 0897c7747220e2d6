"""Find calls that waited too long for a person, and approved ones that a crash left."""

import asyncio
from dataclasses import dataclass

from shared.domain.sync_state import SHARDS
from shared.ports.approvals import Approvals
from shared.ports.clock import Clock
from shared.ports.queue import Queue, Task

APPROVAL_TASK = "/tasks/approval"
PAGE = 100
SHARDS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class WakeApprovals:
    """Only enqueues: the task decides by the approval's own state."""

    approvals: Approvals
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Answer how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        found = 0
        for start in range(0, SHARDS, SHARDS_AT_ONCE):
            shards = range(start, start + SHARDS_AT_ONCE)
            found += sum(await asyncio.gather(*(self._shard(shard) for shard in shards)))
        return found

    async def _shard(self, shard: int) -> int:
        due = await self.approvals.due(shard, self.clock.now(), PAGE)
        for id in due:
            await self.queue.enqueue(Task(APPROVAL_TASK, {"id": id}))
        return len(due)
