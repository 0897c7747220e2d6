"""The sync of a connection begins, or begins again, in the commit that stores the auth event."""

from dataclasses import dataclass, field, replace

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import reads
from shared.domain.events.event import Event
from shared.domain.sync.state import SyncState, SyncStatus
from shared.errors import ConnectRefusedError
from shared.ports.clock import Clock
from shared.ports.documents import until_written
from shared.ports.events import Outbox
from shared.ports.queue import Queue
from shared.ports.sync_store import Batch, SyncStates
from shared.usecases.connect.auth_record import AuthOperation, auth_event
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.sync.models.adopt import OwnSyncsServed
from shared.usecases.sync.task import models_task


@dataclass(frozen=True)
class BeginSync:
    """Set the sync running and due at once; one that may not read mail stays paused."""

    sync_states: SyncStates
    outbox: Outbox
    clock: Clock
    settings: ConnectSettings
    queue: Queue
    own_syncs: OwnSyncsServed = field(default_factory=OwnSyncsServed)

    async def __call__(
        self, connection: Connection, operation: AuthOperation, *, occasion: str, generation: int
    ) -> None:
        """Raise ConnectRefusedError("disconnecting") where the sync was stopped for good.

        Raises QueueUnavailableError where there are own syncs, and their task was not accepted.
        """
        event = auth_event(
            connection,
            operation,
            occasion=occasion,
            generation=generation,
            environment=self.settings.environment,
            now=self.clock.now(),
        )
        await until_written(lambda: self._begin(connection, event))
        if self.own_syncs.anywhere and connection.status is ConnectionStatus.ACTIVE:
            await self.queue.enqueue(models_task(connection.id, every=True, wake=True))

    async def _begin(self, connection: Connection, event: Event) -> None:
        was = await self.sync_states.get(connection.id)
        if was is None:
            new = SyncState(connection.id, status=SyncStatus.PAUSED)
            was = await self.sync_states.create(new)
        if was.value.status is SyncStatus.STOPPED:
            raise ConnectRefusedError("The connection was removed.", code="disconnecting")
        batch = await self._batch(event)
        await self.sync_states.commit(was, self._running(was.value, connection), batch)

    async def _batch(self, event: Event) -> Batch:
        """Return the event to store, or nothing where this occasion's is stored already."""
        return Batch() if await self.outbox.get(event.id) else Batch(event=event)

    def _running(self, was: SyncState, connection: Connection) -> SyncState:
        """Leave the `commit_id`: a worker that holds the lease goes on with its work."""
        if connection.status is ConnectionStatus.PAUSED or not reads(connection.scopes):
            return replace(was, status=SyncStatus.PAUSED)
        now = self.clock.now()
        return replace(was.without_wait(now), status=SyncStatus.RUNNING)
