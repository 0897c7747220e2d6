"""Sync states and quarantine on SQLite: the lease, and the one commit of a sync."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Any

import orjson

from shared.adapters.documents.codec import QUARANTINE, SYNC_STATES, Path
from shared.adapters.sqlite.database import Row, SqliteDatabase, optional_us, to_us
from shared.adapters.sqlite.documents import Columns, SqliteDocuments
from shared.adapters.sqlite.events import SqliteOutbox
from shared.adapters.sqlite.record_rows import write_heads, write_records
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync.records.record import QuarantineEntry
from shared.domain.sync.state import SyncState
from shared.errors import CorruptStateError
from shared.ports.documents import Versioned
from shared.ports.sync_store import Batch


@dataclass(frozen=True)
class SqliteQuarantine:
    """Quarantine port; both methods raise StoreUnavailableError and CorruptStateError."""

    database: SqliteDatabase

    async def get(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, QuarantineEntry]:
        """Return the entries of those ids."""
        rows = self.database.rows(
            """SELECT message_id, document FROM quarantine WHERE connection_id = ?
               AND message_id IN (SELECT value FROM json_each(?))""",
            (connection_id, orjson.dumps(list(ids)).decode()),
        )
        return {MessageId(row[0]): _entry_of(connection_id, row) for row in rows}

    async def list(self, connection_id: ConnectionId, limit: int) -> Sequence[QuarantineEntry]:
        """Return the entries, soonest retry first."""
        rows = self.database.rows(
            """SELECT message_id, document FROM quarantine WHERE connection_id = ?
               ORDER BY retry_us, message_id LIMIT ?""",
            (connection_id, limit),
        )
        return [_entry_of(connection_id, row) for row in rows]


def write_entries(
    connection: Connection,
    connection_id: ConnectionId,
    entries: Sequence[QuarantineEntry],
    released: Iterable[MessageId],
) -> None:
    """Write and release entries inside a transaction; an id in both stays."""
    connection.executemany(
        "DELETE FROM quarantine WHERE connection_id = ? AND message_id = ?",
        [(connection_id, id) for id in released],
    )
    connection.executemany(
        """INSERT OR REPLACE INTO quarantine (connection_id, message_id, retry_us, document)
           VALUES (?, ?, ?, ?)""",
        [
            (
                connection_id,
                entry.message_id,
                to_us(entry.retry_at),
                orjson.dumps(QUARANTINE.dump(entry)).decode(),
            )
            for entry in entries
        ],
    )


def _entry_of(connection_id: ConnectionId, row: Row) -> QuarantineEntry:
    try:
        return QUARANTINE.load(row[0], orjson.loads(row[1]))
    except (ValueError, CorruptStateError):
        raise CorruptStateError(f"connections/{connection_id}/quarantine/{row[0]}") from None


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

    async def due(self, now: datetime, limit: int) -> Sequence[ConnectionId]:
        """Return connections that are due. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM sync WHERE due_us <= ? ORDER BY due_us LIMIT ?",
            (to_us(now), limit),
        )
        return [ConnectionId(id) for (id,) in rows]

    def _extend_event(self, connection: Connection, batch: Batch) -> None:
        if batch.event is None or batch.event_version is None:
            return
        fields = self.outbox.codec.dump(batch.event)
        changes: dict[Path, Any] = {(name,): value for name, value in fields.items()}
        self.outbox.update(connection, batch.event, batch.event_version, changes)
