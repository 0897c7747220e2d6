"""Find events that are due and that nobody woke: lost tasks, dead workers, long waits."""

from dataclasses import dataclass
from datetime import datetime

from shared.ports.clock import Clock
from shared.ports.outbox import DueEvent, Outbox
from shared.ports.queue import Queue, QueueName, Task
from shared.usecases.deliver_event import DELIVER_TASK
from shared.usecases.shards import through_shards

PAGE = 200
"""Events of one shard that one run wakes; the next run finds the rest."""


@dataclass(frozen=True, slots=True)
class WakeDeliveries:
    """Only enqueues; what waits in a long queue is enqueued once an hour, not at every run."""

    outbox: Outbox
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Answer how many were due. Raises StoreUnavailableError, QueueUnavailableError."""
        return await through_shards(self._shard)

    async def _shard(self, shard: int) -> int:
        now = self.clock.now()
        due = await self.outbox.due(shard, now, PAGE)
        for one in due:
            await self.queue.enqueue(
                Task(DELIVER_TASK, {"event_id": one.id}, QueueName.RETRIES, name=_name(one, now))
            )
        return len(due)


def _name(one: DueEvent, now: datetime) -> str:
    """Name the state the task waits for; the hour, because a name is spent once its task ran."""
    hour = int(now.timestamp()) // 3600
    return f"deliver-{one.id}-{int(one.due_at.timestamp() * 1_000_000)}-{hour}"
