"""Everything stored of a connection's mail and own models, as a disconnect removes it."""

from dataclasses import dataclass, replace
from secrets import token_hex

from shared.domain.ids import CommitId, ConnectionId
from shared.domain.models.state import ModelSyncState
from shared.domain.sync.state import SyncStatus
from shared.errors import ConflictError
from shared.ports.documents import update
from shared.ports.model_store import ModelRecords, ModelSyncs
from shared.ports.sync_store import Records


@dataclass(frozen=True, slots=True)
class StoredRecords:
    """Messages, records of own models, and the states of the syncs that write those."""

    messages: Records
    models: ModelRecords
    states: ModelSyncs

    async def fence(self, id: ConnectionId) -> None:
        """Stop every own sync: a stopped state takes no commit of any holder."""
        for found in await self.states.of_connection(id):
            await update(self.states, found.value.id, _as_stopped, found)

    async def purge(self, id: ConnectionId, limit: int) -> int:
        """Delete records and quarantine for good, then the states: how many went."""
        gone = await self.messages.purge(id, limit)
        if gone < limit:
            gone += await self.models.purge(id, limit - gone)
        return gone or await self._forget(id)

    async def _forget(self, id: ConnectionId) -> int:
        gone = 0
        for found in await self.states.of_connection(id):
            try:
                gone += await self.states.delete(found)
            except ConflictError:
                continue  # the next call deletes what it has become
        return gone


def _as_stopped(state: ModelSyncState) -> ModelSyncState:
    return replace(
        state,
        status=SyncStatus.STOPPED,
        lease=None,
        next_due_at=None,
        commit_id=CommitId(token_hex(8)),
    )
