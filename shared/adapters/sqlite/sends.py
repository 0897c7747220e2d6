"""Sends and BulkSends ports on SQLite."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from shared.adapters.documents.codec import BULK_SENDS, SENDS
from shared.adapters.sqlite.database import SqliteDatabase, optional_us, to_us
from shared.adapters.sqlite.documents import Columns, SqliteDocuments
from shared.adapters.sqlite.events import SqliteConcluding, SqliteOutbox
from shared.domain.ids import ConnectionId
from shared.domain.send.bulk import BulkSend
from shared.domain.send.entry import SendEntry, SendState
from shared.ports.clock import Clock

_STATE = "json_extract(document, '$.state')"
_EVER = datetime.max.replace(tzinfo=UTC)
_AT_ONCE = 500
"""Most ids of one statement."""


def _send_columns(value: SendEntry) -> Columns:
    return {
        "connection_id": value.connection_id,
        "created_us": to_us(value.created_at),
        "shard": value.shard,
        "due_us": None if value.state.final else optional_us(value.next_due_at),
        "marker": value.marker,
        "rfc822_id": value.rfc822_message_id,
        "expires_us": optional_us(value.expires_at),
    }


def _bulk_columns(value: BulkSend) -> Columns:
    finished = value.finished_at is not None
    return {
        "open_of": None if finished else value.connection_id,
        "created_us": to_us(value.created_at),
        "shard": value.shard,
        "due_us": None if finished else optional_us(value.next_due_at),
        "expires_us": to_us(value.expires_at),
    }


class SqliteSends(SqliteConcluding[SendEntry]):
    """Sends port."""

    def __init__(self, outbox: SqliteOutbox) -> None:
        super().__init__(outbox, SENDS, _send_columns)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of due entries. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM sends WHERE due_us <= ? ORDER BY due_us LIMIT ?",
            (to_us(now), limit),
        )
        return [id for (id,) in rows]

    async def list(
        self,
        connection_id: ConnectionId | None,
        limit: int,
        *,
        state: SendState | None = None,
        until: datetime | None = None,
    ) -> Sequence[SendEntry]:
        """Return entries, newest first. Raises StoreUnavailableError."""
        asked = {"connection_id": connection_id, _STATE: state}
        given = {name: value for name, value in asked.items() if value is not None}
        where = "".join(f"{name} = ? AND " for name in given)
        rows = self.database.rows(
            f"""SELECT id, version, document FROM sends WHERE {where}created_us <= ?
                ORDER BY created_us DESC, id DESC LIMIT ?""",  # noqa: S608  fixed conditions
            (*given.values(), to_us(until or _EVER), limit),
        )
        return [replace(versioned.value, request=b"") for versioned in self.load_rows(rows)]

    async def many(self, ids: Sequence[str]) -> Mapping[str, SendEntry]:
        """Return those that exist. Raises StoreUnavailableError."""
        found: dict[str, SendEntry] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            rows = self.database.rows(
                f"""SELECT id, version, document FROM sends
                    WHERE id IN ({", ".join("?" * len(some))})""",  # noqa: S608  question marks
                some,
            )
            for versioned in self.load_rows(rows):
                found[versioned.value.id] = replace(versioned.value, request=b"")
        return found

    async def list_traced(
        self, connection_id: ConnectionId, traces: Sequence[str]
    ) -> Sequence[SendEntry]:
        """Return the entries with one of the traces. Raises StoreUnavailableError."""
        marks = ", ".join("?" * len(traces))
        rows = self.database.rows(
            f"""SELECT id, version, document FROM sends
                WHERE marker IN ({marks}) OR rfc822_id IN ({marks})""",  # noqa: S608  question marks
            (*traces, *traces),
        )
        found = [versioned.value for versioned in self.load_rows(rows)]
        return [value for value in found if value.connection_id == connection_id]


class SqliteBulkSends(SqliteDocuments[BulkSend]):
    """BulkSends port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, BULK_SENDS, clock, _bulk_columns)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of due bulks. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM bulk_sends WHERE due_us <= ? ORDER BY due_us LIMIT ?",
            (to_us(now), limit),
        )
        return [id for (id,) in rows]

    async def list_unfinished(self, connection_id: ConnectionId, limit: int) -> Sequence[BulkSend]:
        """Return unfinished bulks, oldest first. Raises StoreUnavailableError."""
        rows = self.database.rows(
            """SELECT id, version, document FROM bulk_sends WHERE open_of = ?
               ORDER BY created_us, id LIMIT ?""",
            (connection_id, limit),
        )
        return [versioned.value for versioned in self.load_rows(rows)]
