"""Sync states and quarantine on Firestore: the lease, and the one commit of a sync."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.adapters.documents.codec import QUARANTINE, SYNC_STATES
from shared.adapters.firestore.documents import Derived, FirestoreDocuments
from shared.adapters.firestore.events import FirestoreOutbox
from shared.adapters.firestore.queries import build_query, find_due
from shared.adapters.firestore.record_fields import head_write, record_write
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import deletion, replacement, version_of
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync.records.record import QuarantineEntry
from shared.domain.sync.state import SyncState
from shared.errors import CorruptStateError
from shared.ports.documents import Versioned
from shared.ports.sync_store import Batch


@dataclass(frozen=True)
class FirestoreQuarantine:
    """Quarantine port; both methods raise StoreUnavailableError and CorruptStateError."""

    rpc: FirestoreRpc

    async def get(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, QuarantineEntry]:
        """Return the entries of those ids."""
        names = [_name(self.rpc, connection_id, id) for id in ids]
        found = await self.rpc.get(names)
        entries = [self._entry(connection_id, document) for document in found.values()]
        return {entry.message_id: entry for entry in entries}

    async def list(self, connection_id: ConnectionId, limit: int) -> Sequence[QuarantineEntry]:
        """Return the entries, soonest retry first."""
        query = build_query("quarantine", (), (("retry_at", "ASC"),), limit=limit)
        parent = self.rpc.name("connections", connection_id)
        found = await self.rpc.query(query, parent)
        return [self._entry(connection_id, document) for document in found]

    def _entry(self, connection_id: ConnectionId, document: Any) -> QuarantineEntry:
        id = document.name.rpartition("/")[2]
        try:
            return FirestoreDocuments(self.rpc, QUARANTINE).load_document(id, document).value
        except CorruptStateError:
            raise CorruptStateError(f"connections/{connection_id}/quarantine/{id}") from None


def quarantine_writes(
    rpc: FirestoreRpc,
    connection_id: ConnectionId,
    entries: Sequence[QuarantineEntry],
    released: Iterable[MessageId],
) -> list[Any]:
    """Return the writes that keep and release entries; an id in both stays."""
    documents = FirestoreDocuments(rpc, QUARANTINE)
    kept = {
        _name(rpc, connection_id, entry.message_id): documents.fields(entry) for entry in entries
    }
    gone = {_name(rpc, connection_id, id) for id in released} - kept.keys()
    return [
        *(replacement(name, fields) for name, fields in kept.items()),
        *(deletion(name, None) for name in sorted(gone)),
    ]


def _name(rpc: FirestoreRpc, connection_id: ConnectionId, message_id: MessageId) -> str:
    return rpc.name("connections", connection_id, "quarantine", message_id)


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

    async def due(self, now: datetime, limit: int) -> Sequence[ConnectionId]:
        """Return connections that are due. Raises StoreUnavailableError."""
        found = await find_due(
            self.rpc, "sync", now, by="next_due_at", limit=limit, select=("connection_id",)
        )
        return [ConnectionId(document.fields["connection_id"].string_value) for document in found]

    def _record(self, connection_id: ConnectionId, message_id: MessageId) -> str:
        return self.rpc.name("connections", connection_id, "records", message_id)

    def _extension(self, batch: Batch) -> Sequence[Any]:
        if batch.event is None or batch.event_version is None:
            return ()
        return (self.outbox.overwriting(batch.event, batch.event_version),)
