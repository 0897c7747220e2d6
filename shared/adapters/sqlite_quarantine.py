"""Quarantine port on SQLite, and the writes a commit makes to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

import orjson

from shared.adapters.document_codec import QUARANTINE
from shared.adapters.sqlite_database import Row, SqliteDatabase, to_us
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.record import QuarantineEntry
from shared.errors import CorruptStateError


@dataclass(frozen=True)
class SqliteQuarantine:
    """Quarantine port; both methods raise StoreUnavailableError and CorruptStateError."""

    database: SqliteDatabase

    async def get(
        self, connection_id: ConnectionId, ids: Iterable[MessageId]
    ) -> Mapping[MessageId, QuarantineEntry]:
        """Answer the entries of those ids."""
        rows = self.database.rows(
            """SELECT message_id, document FROM quarantine WHERE connection_id = ?
               AND message_id IN (SELECT value FROM json_each(?))""",
            (connection_id, orjson.dumps(list(ids)).decode()),
        )
        return {MessageId(row[0]): _entry_of(connection_id, row) for row in rows}

    async def list(self, connection_id: ConnectionId, limit: int) -> Sequence[QuarantineEntry]:
        """Answer the entries, soonest retry first."""
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
