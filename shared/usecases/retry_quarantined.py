"""Try a quarantined message again now, at the product's or an operator's wish."""

from dataclasses import dataclass, replace

from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync_state import SyncStatus
from shared.errors import ConflictError, UnknownConnectionError, UnknownRecordError
from shared.ports.clock import Clock
from shared.ports.queue import Queue
from shared.ports.sync_store import Batch, Quarantine, SyncStates
from shared.usecases.sync.task import sync_task


@dataclass(frozen=True, slots=True)
class RetryQuarantined:
    """Writes the wish by compare-and-set, lease or not: a holder's next commit finds it."""

    states: SyncStates
    quarantine: Quarantine
    queue: Queue
    clock: Clock

    async def __call__(self, connection_id: ConnectionId, message_id: MessageId) -> None:
        """Make the entry due. Raises UnknownConnectionError, UnknownRecordError."""
        while True:
            was = await self.states.get(connection_id)
            if was is None or was.value.status is SyncStatus.STOPPED:
                raise UnknownConnectionError(f"There is no connection {connection_id!r}.")
            entry = (await self.quarantine.get(connection_id, [message_id])).get(message_id)
            if entry is None:
                raise UnknownRecordError("This message is not in quarantine.")
            now = self.clock.now()
            state = replace(was.value, quarantine_due_at=now).due_by(now)
            batch = Batch(quarantine=[replace(entry, retry_at=now)])
            try:
                await self.states.commit(was, state, batch)
            except ConflictError:
                continue
            break
        await self.queue.enqueue(sync_task(connection_id))
