"""Disconnects whose task was lost: found by the connection's status and woken again."""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.connection import ConnectionStatus
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.queue import Queue, Task
from shared.usecases.accept_disconnect import DISCONNECT_TASK

PAGE = 100
PATIENCE = timedelta(minutes=10)
"""How long a disconnect may take by itself: its task is tried again for longer than a request."""


@dataclass(frozen=True, slots=True)
class ResumeDisconnects:
    """Only enqueues: a disconnect finds out by itself which steps are left."""

    connections: Connections
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Answer how many were woken. Raises StoreUnavailableError, QueueUnavailableError."""
        query = ConnectionQuery(status=ConnectionStatus.DISCONNECTING, limit=PAGE)
        before = self.clock.now() - PATIENCE
        late = [one for one in await self.connections.find(query) if one.updated_at <= before]
        for one in late:
            await self.queue.enqueue(Task(DISCONNECT_TASK, {"connection_id": one.id}))
        return len(late)
