"""Whether there are own syncs, and giving their states to connections and taking them back."""

from dataclasses import dataclass, replace

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.domain.models.state import ADOPTION, Adoption, ModelSyncState, state_id
from shared.domain.models.sync import OwnSync, OwnSyncs
from shared.domain.sync.state import SyncStatus
from shared.errors import AlreadyExistsError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned, update
from shared.ports.model_store import Adoptions, ModelSyncs
from shared.ports.queue import Queue
from shared.ports.sync_store import SyncStates
from shared.usecases.sync.task import models_task

PAGE = 200
PAGES = 25
"""Of one look: a minute later the next goes on."""


@dataclass(frozen=True, slots=True)
class AdoptSync:
    """Creates a connection's state of one sync, where there is none yet."""

    states: ModelSyncs
    mail_states: SyncStates
    connections: Connections
    clock: Clock

    async def __call__(self, connection_id: ConnectionId, row: OwnSync) -> bool:
        """Return whether there is one now; not of a connection that is being removed."""
        if await self.states.get(state_id(connection_id, row.name)) is not None:
            return True
        if row.follows:  # before the state is there, so that no wake is missed after it
            await update(
                self.mail_states, connection_id, lambda state: replace(state, followed=True)
            )
        status = SyncStatus.RUNNING if row.auto_start else SyncStatus.PAUSED
        fresh = ModelSyncState(connection_id, row.name, status, next_due_at=self.clock.now())
        try:
            made = await self.states.create(fresh)
        except AlreadyExistsError:
            return True
        return await self._stays(made)

    async def _stays(self, made: Versioned[ModelSyncState]) -> bool:
        """Whether the connection is not being removed: what that had stopped was not this state."""
        found = await self.connections.get(made.value.connection_id)
        if found is not None and found.value.status is not ConnectionStatus.DISCONNECTING:
            return True
        await self.states.delete(made)
        return False


@dataclass(frozen=True, slots=True)
class AdoptSyncs:
    """Walks all connections once for each new table of syncs, resumable; only enqueues."""

    syncs: OwnSyncs
    connections: Connections
    adoptions: Adoptions
    queue: Queue

    async def __call__(self) -> int:
        """Return how many connections were enqueued. Raises StoreUnavailableError."""
        was = await self.adoptions.get(ADOPTION)
        if was is None:
            was = await self.adoptions.create(Adoption())
        mark = was.value
        if mark.fingerprint != self.syncs.fingerprint:
            mark = Adoption(fingerprint=self.syncs.fingerprint)
        elif mark.finished:
            return 0
        found = 0
        for _ in range(PAGES):
            page, place = await self.connections.walk(mark.place, PAGE)
            for one in page:
                await self.queue.enqueue(models_task(one.value.id, every=True))
            found += len(page)
            mark = replace(mark, place=place, finished=place is None)
            was = await self.adoptions.swap(was, mark)
            if mark.finished:
                break
        return found


@dataclass(frozen=True, slots=True)
class OwnSyncsServed:
    """Known without loading own code, so that functions that never run it stay light."""

    anywhere: bool = False
