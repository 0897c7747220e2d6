"""Outbox, Operations and Sends ports on SQLite."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.adapters.document_codec import EVENTS, OPERATIONS, SENDS
from shared.adapters.sqlite_database import SqliteDatabase, optional_us, to_us
from shared.adapters.sqlite_documents import Columns, SqliteDocuments
from shared.domain.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.domain.send import SendEntry
from shared.errors import AlreadyExistsError
from shared.ports.clock import Clock
from shared.ports.versioned import Versioned


def _event_columns(value: Event) -> Columns:
    pending = value.state is EventState.PENDING
    return {
        "connection_id": value.connection_id,
        "state": value.state.value,
        "created_us": to_us(value.created_at),
        "shard": value.shard,
        "due_us": optional_us(value.next_attempt_at) if pending else None,
    }


def _operation_columns(value: Operation) -> Columns:
    return {
        "connection_id": value.connection_id,
        "type": value.type.value,
        "state": value.state.value,
        "started_us": to_us(value.started_at),
        "expires_us": to_us(value.expires_at),
    }


def _send_columns(value: SendEntry) -> Columns:
    return {
        "connection_id": value.connection_id,
        "created_us": to_us(value.created_at),
        "due_us": None if value.state.final else optional_us(value.next_due_at),
        "expires_us": optional_us(value.expires_at),
    }


def _where(filters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    given = {name: value for name, value in filters.items() if value is not None}
    return " AND ".join(f"{name} = ?" for name in given) or "TRUE", list(given.values())


class SqliteOutbox(SqliteDocuments[Event]):
    """Outbox port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, EVENTS, clock, _event_columns)

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[EventId]:
        """Answer due events of the shard. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM events WHERE shard = ? AND due_us <= ? ORDER BY due_us LIMIT ?",
            (shard, to_us(now), limit),
        )
        return [EventId(id) for (id,) in rows]

    async def list(
        self, *, state: EventState | None, connection_id: ConnectionId | None, limit: int
    ) -> Sequence[Event]:
        """Answer events, newest first. Raises StoreUnavailableError."""
        where, values = _where({"state": state, "connection_id": connection_id})
        rows = self.database.rows(
            f"""SELECT id, version, document FROM events WHERE {where}
                ORDER BY created_us DESC, id DESC LIMIT ?""",  # noqa: S608  fixed conditions
            (*values, limit),
        )
        return [versioned.value for versioned in self.listed(rows)]


class SqliteOperations(SqliteDocuments[Operation]):
    """Operations port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, OPERATIONS, clock, _operation_columns)

    async def append(self, operation: Operation) -> None:
        """Write one entry; writing it again changes nothing. Raises StoreUnavailableError."""
        try:
            await self.create(operation)
        except AlreadyExistsError:
            return

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        type: OperationType | None,
        state: OperationState | None,
        limit: int,
    ) -> Sequence[Operation]:
        """Answer entries, newest first. Raises StoreUnavailableError."""
        where, values = _where({"connection_id": connection_id, "type": type, "state": state})
        rows = self.database.rows(
            f"""SELECT id, version, document FROM operations WHERE {where}
                ORDER BY started_us DESC, id DESC LIMIT ?""",  # noqa: S608  fixed conditions
            (*values, limit),
        )
        return [versioned.value for versioned in self.listed(rows)]


class SqliteSends(SqliteDocuments[SendEntry]):
    """Sends port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, SENDS, clock, _send_columns)

    async def conclude(
        self, was: Versioned[SendEntry], now: SendEntry, event: Event
    ) -> Versioned[SendEntry]:
        """Swap and write the event. Raises ConflictError, StoreUnavailableError."""
        changes = self.codec.changes(was.value, now)
        with self.database.transaction() as connection:
            version = self.update(connection, now, was.version, changes)
            SqliteOutbox(self.database, self.clock).insert(connection, event)
        return Versioned(now, version)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Answer ids of unfinished entries that are due. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM sends WHERE due_us <= ? ORDER BY due_us LIMIT ?", (to_us(now), limit)
        )
        return [id for (id,) in rows]

    async def list(self, connection_id: ConnectionId, limit: int) -> Sequence[SendEntry]:
        """Answer a connection's entries, newest first. Raises StoreUnavailableError."""
        rows = self.database.rows(
            """SELECT id, version, document FROM sends WHERE connection_id = ?
               ORDER BY created_us DESC, id DESC LIMIT ?""",
            (connection_id, limit),
        )
        return [versioned.value for versioned in self.listed(rows)]
