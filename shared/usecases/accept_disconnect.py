"""A connection is to be disconnected: accepted durably, done in the background (API 3)."""

from dataclasses import dataclass, replace

from shared.domain.connection import ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.errors import ConflictError, UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.queue import Queue, Task

DISCONNECT_TASK = "/tasks/disconnect"


@dataclass(frozen=True)
class AcceptDisconnect:
    """Enqueue the work, then mark the connection so that nothing else uses it."""

    connections: Connections
    queue: Queue
    clock: Clock

    async def __call__(self, connection_id: ConnectionId) -> None:
        """Raise UnknownConnectionError, or QueueUnavailableError with nothing changed.

        The task comes first: once accepted, a crash leaves nothing half done for ever.
        """
        if await self.connections.get(connection_id) is None:
            raise UnknownConnectionError("No such connection.")
        await self.queue.enqueue(Task(DISCONNECT_TASK, {"connection_id": connection_id}))
        await self._mark(connection_id)

    async def _mark(self, id: ConnectionId) -> None:
        while found := await self.connections.get(id):
            if found.value.status is ConnectionStatus.DISCONNECTING:
                return
            marked = replace(
                found.value, status=ConnectionStatus.DISCONNECTING, updated_at=self.clock.now()
            )
            try:
                await self.connections.swap(found, marked)
            except ConflictError:
                continue
            return
