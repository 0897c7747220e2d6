"""Outbox, operations and webhook endpoints on SQLite, and commits that tell an event."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from sqlite3 import Connection
from typing import Any, TypeVar

from shared.adapters.documents.codec import EVENTS, OPERATIONS, WEBHOOK_ENDPOINTS, Codec
from shared.adapters.sqlite.database import SqliteDatabase, from_us, optional_us, to_us
from shared.adapters.sqlite.documents import AMONG, Columns, SqliteDocuments, among_value
from shared.domain.events.endpoint import WebhookEndpoint
from shared.domain.events.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.errors import AlreadyExistsError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned
from shared.ports.events import DueEvent, Wake, wake_nothing


def _event_columns(value: Event) -> Columns:
    pending = value.state is EventState.PENDING
    return {
        "connection_id": value.connection_id,
        "state": value.state.value,
        "created_us": to_us(value.created_at),
        "shard": value.shard,
        "due_us": optional_us(value.next_attempt_at) if pending else None,
        "expires_us": optional_us(value.expires_at),
    }


def _operation_columns(value: Operation) -> Columns:
    return {
        "connection_id": value.connection_id,
        "type": value.type.value,
        "state": value.state.value,
        "started_us": to_us(value.started_at),
        "expires_us": to_us(value.expires_at),
    }


def _where(
    filters: Mapping[str, Any], among: Collection[ConnectionId] | None
) -> tuple[str, list[Any]]:
    given = {f"{name} = ?": value for name, value in filters.items() if value is not None}
    if among is not None:
        given[AMONG] = among_value(among)
    return " AND ".join(given) or "TRUE", list(given.values())


class SqliteOutbox(SqliteDocuments[Event]):
    """Outbox port."""

    def __init__(self, database: SqliteDatabase, clock: Clock, wake: Wake = wake_nothing) -> None:
        super().__init__(database, EVENTS, clock, _event_columns)
        self.wake = wake

    async def create(self, value: Event) -> Versioned[Event]:
        """Write a new one. Raises AlreadyExistsError, StoreUnavailableError."""
        created = await super().create(value)
        await self.wake(created)
        return created

    @asynccontextmanager
    async def transaction(self, *news: Event | None) -> AsyncIterator[Connection]:
        """Write with the new events, or nothing; then wake the delivery of each.

        The only way for any port to insert an event beside something else.
        """
        with self.database.transaction() as connection:
            yield connection
            events = [*filter(None, news)]
            stored = [Versioned(one, self.insert(connection, one)) for one in events]
        for one in stored:
            await self.wake(one)

    async def due(self, now: datetime, limit: int) -> Sequence[DueEvent]:
        """Return due events. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, due_us FROM events WHERE due_us <= ? ORDER BY due_us LIMIT ?",
            (to_us(now), limit),
        )
        return [DueEvent(EventId(id), from_us(due_us)) for id, due_us in rows]

    async def list(
        self,
        *,
        state: EventState | None,
        connection_id: ConnectionId | None,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Event]:
        """Return events, newest first. Raises StoreUnavailableError."""
        where, values = _where({"state": state, "connection_id": connection_id}, among)
        for bound, moment in ((">=", since), ("<=", until)):
            if moment is not None:
                where, values = f"{where} AND created_us {bound} ?", [*values, to_us(moment)]
        rows = self.database.rows(
            f"""SELECT id, version, document FROM events WHERE {where}
                ORDER BY created_us DESC, id DESC LIMIT ?""",  # noqa: S608  fixed conditions
            (*values, limit),
        )
        return [versioned.value for versioned in self.load_rows(rows)]


class SqliteOperations(SqliteDocuments[Operation]):
    """Operations port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, OPERATIONS, clock, _operation_columns)

    async def append(self, *operations: Operation) -> None:
        """Write entries; writing one again changes nothing. Raises StoreUnavailableError."""
        with self.database.transaction() as connection:
            for operation in operations:
                with suppress(AlreadyExistsError):
                    self.insert(connection, operation)
            self.sweep(connection)

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        type: OperationType | None,
        state: OperationState | None,
        limit: int,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Operation]:
        """Return entries, newest first. Raises StoreUnavailableError."""
        filters = {"connection_id": connection_id, "type": type, "state": state}
        where, values = _where(filters, among)
        rows = self.database.rows(
            f"""SELECT id, version, document FROM operations WHERE {where}
                ORDER BY started_us DESC, id DESC LIMIT ?""",  # noqa: S608  fixed conditions
            (*values, limit),
        )
        return [versioned.value for versioned in self.load_rows(rows)]


T = TypeVar("T")


class SqliteConcluding(SqliteDocuments[T]):
    """Documents that can be swapped together with an event."""

    def __init__(
        self, outbox: SqliteOutbox, codec: Codec[T], columns: Callable[[T], Columns]
    ) -> None:
        super().__init__(outbox.database, codec, outbox.clock, columns)
        self.outbox = outbox

    async def conclude(self, was: Versioned[T], now: T, event: Event) -> Versioned[T]:
        """Swap and write the event. Raises ConflictError, StoreUnavailableError."""
        changes = self.codec.changes(was.value, now)
        async with self.outbox.transaction(event) as connection:
            version = self.update(connection, now, was.version, changes)
        return Versioned(now, version)


def _columns(value: WebhookEndpoint) -> Columns:
    return {"created_us": to_us(value.created_at)}


class SqliteWebhookEndpoints(SqliteDocuments[WebhookEndpoint]):
    """WebhookEndpoints port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, WEBHOOK_ENDPOINTS, clock, _columns)

    async def list(self) -> Sequence[Versioned[WebhookEndpoint]]:
        """Return all of them, oldest first. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM webhook_endpoints ORDER BY created_us, id"
        )
        return self.load_rows(rows)
