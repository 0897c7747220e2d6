"""SyncStates port on Firestore: the lease, and the one commit that writes state and records."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.adapters.document_codec import SYNC_STATES
from shared.adapters.firestore_documents import Derived, FirestoreDocuments
from shared.adapters.firestore_listings import due_in_shard
from shared.adapters.firestore_outbox import FirestoreOutbox
from shared.adapters.firestore_quarantine import quarantine_writes
from shared.adapters.firestore_record_documents import head_write, record_write
from shared.adapters.firestore_values import version_of
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync_state import SyncState
from shared.ports.sync_store import Batch
from shared.ports.versioned import Versioned


def _shard(value: SyncState) -> Derived:
    return {"shard": value.shard}


class FirestoreSyncStates(FirestoreDocuments[SyncState]):
    """SyncStates port."""

    def __init__(self, outbox: FirestoreOutbox) -> None:
        super().__init__(outbox.rpc, SYNC_STATES, _shard)
        self.outbox = outbox

    async def commit(
        self, was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        """Write the state and the whole batch, or nothing, in one request.

        Raises ConflictError, AlreadyExistsError (the event to create is there),
        StoreUnavailableError.
        """
        id = now.connection_id
        writes = [
            self.change(was, now),
            *(record_write(self._record(id, put.head.message_id), put) for put in batch.put),
            *(head_write(self._record(id, head.message_id), head) for head in batch.heads),
            *quarantine_writes(self.rpc, id, batch.quarantine, batch.released),
            *self._extension(batch),
        ]
        results = await self.outbox.commit(writes, batch.news)
        return Versioned(now, version_of(results[0].update_time))

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[ConnectionId]:
        """Answer connections of the shard that are due. Raises StoreUnavailableError."""
        found = await due_in_shard(self.rpc, "sync", shard, now, by="next_due_at", limit=limit)
        return [ConnectionId(document.fields["connection_id"].string_value) for document in found]

    def _record(self, connection_id: ConnectionId, message_id: MessageId) -> str:
        return self.rpc.name("connections", connection_id, "records", message_id)

    def _extension(self, batch: Batch) -> Sequence[Any]:
        if batch.event is None or batch.event_version is None:
            return ()
        return (self.outbox.overwriting(batch.event, batch.event_version),)
