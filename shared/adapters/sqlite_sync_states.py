"""SyncStates port on SQLite: the lease, and the one commit that writes state and records."""

from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from shared.adapters.document_codec import SYNC_STATES, Path
from shared.adapters.sqlite_database import optional_us, to_us
from shared.adapters.sqlite_documents import Columns, SqliteDocuments
from shared.adapters.sqlite_outbox import SqliteOutbox
from shared.adapters.sqlite_quarantine import write_entries
from shared.adapters.sqlite_record_rows import write_heads, write_records
from shared.domain.ids import ConnectionId
from shared.domain.sync_state import SyncState
from shared.ports.sync_store import Batch
from shared.ports.versioned import Versioned


def _columns(value: SyncState) -> Columns:
    return {"shard": value.shard, "due_us": optional_us(value.next_due_at)}


class SqliteSyncStates(SqliteDocuments[SyncState]):
    """SyncStates port."""

    def __init__(self, outbox: SqliteOutbox) -> None:
        super().__init__(outbox.database, SYNC_STATES, outbox.clock, _columns)
        self.outbox = outbox

    async def commit(
        self, was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        """Write the state and the whole batch, or nothing.

        Raises ConflictError, AlreadyExistsError (the event to create is there),
        StoreUnavailableError.
        """
        changes = self.codec.changes(was.value, now)
        id = now.connection_id
        async with self.outbox.transaction(batch.news) as connection:
            version = self.update(connection, now, was.version, changes)
            write_records(connection, id, batch.put)
            write_heads(connection, id, batch.heads)
            write_entries(connection, id, batch.quarantine, batch.released)
            self._extend_event(connection, batch)
        return Versioned(now, version)

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[ConnectionId]:
        """Answer connections of the shard that are due. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM sync WHERE shard = ? AND due_us <= ? ORDER BY due_us LIMIT ?",
            (shard, to_us(now), limit),
        )
        return [ConnectionId(id) for (id,) in rows]

    def _extend_event(self, connection: Connection, batch: Batch) -> None:
        if batch.event is None or batch.event_version is None:
            return
        fields = self.outbox.codec.dump(batch.event)
        changes: dict[Path, Any] = {(name,): value for name, value in fields.items()}
        self.outbox.update(connection, batch.event, batch.event_version, changes)
