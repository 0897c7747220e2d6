"""Wake what is held on a connection: the trouble may be over."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.ids import ConnectionId
from shared.domain.send.entry import SendEntry, SendState
from shared.errors import ConflictError, QueueUnavailableError
from shared.ports.clock import Clock
from shared.ports.documents import update
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import Sends
from shared.usecases.send.rules import SEND_TASK

MOST_WOKEN: Final = 20
"""At once: the first of them that goes out wakes the next."""


@dataclass(frozen=True, slots=True)
class WakeHeld:
    """Makes held sends due; what is claimed, or no longer held, is left as it is."""

    sends: Sends
    queue: Queue
    clock: Clock

    async def __call__(self, connection_id: ConnectionId) -> int:
        """Return how many were woken. Raises StoreUnavailableError."""
        held = await self.sends.list(connection_id, MOST_WOKEN, state=SendState.HELD)
        return sum([await self._wake(one) for one in held])

    async def _wake(self, entry: SendEntry) -> bool:
        now = self.clock.now()
        if entry.busy(now) or not entry.waiting(now):
            return False
        try:
            due = await update(self.sends, entry.id, self._due)
        except ConflictError:
            return False
        if due is None:
            return False
        with suppress(QueueUnavailableError):  # else reconcile finds it
            await self.queue.enqueue(Task(SEND_TASK, {"id": entry.id}, QueueName.LIVE))
        return True

    def _due(self, entry: SendEntry) -> SendEntry | None:
        now = self.clock.now()
        waits = entry.state is SendState.HELD and not entry.busy(now)
        return replace(entry, next_due_at=now) if waits else None
