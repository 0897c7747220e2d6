"""API keys, approvals and daily counts on SQLite."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.adapters.documents.codec import API_KEYS, APPROVALS, CONSOLE_SESSIONS
from shared.adapters.sqlite.database import SqliteDatabase, optional_us, to_us
from shared.adapters.sqlite.documents import AMONG, Columns, SqliteDocuments, among_value
from shared.adapters.sqlite.events import SqliteConcluding, SqliteOutbox
from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ApiKey
from shared.domain.keys.approval import Approval, ApprovalState
from shared.domain.keys.console_session import ConsoleSession
from shared.ports.clock import Clock
from shared.ports.documents import Versioned

_ALWAYS = (1 << 63) - 1
"""Later than any time, so that every listing starts from an index."""


def _columns(value: Approval) -> Columns:
    return {
        "connection_id": value.connection_id,
        "state": value.state.value,
        "created_us": to_us(value.created_at),
        "shard": value.shard,
        "due_us": optional_us(value.next_due_at),
        "expires_us": to_us(value.expires_at),
    }


class SqliteApprovals(SqliteConcluding[Approval]):
    """Approvals port."""

    def __init__(self, outbox: SqliteOutbox) -> None:
        super().__init__(outbox, APPROVALS, _columns)

    async def open(self, value: Approval, event: Event) -> Versioned[Approval]:
        """Create it and write the event. Raises AlreadyExistsError, StoreUnavailableError."""
        async with self.outbox.transaction(event) as connection:
            version = self.insert(connection, value)
        return Versioned(value, version)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of due approvals. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM approvals WHERE due_us <= ? ORDER BY due_us LIMIT ?",
            (to_us(now), limit),
        )
        return [id for (id,) in rows]

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        state: ApprovalState | None,
        limit: int,
        until: datetime | None = None,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Approval]:
        """Return approvals, newest first. Raises StoreUnavailableError."""
        newest = _ALWAYS if until is None else to_us(until)
        asked = {
            "connection_id = ?": connection_id,
            "state = ?": state,
            "created_us <= ?": newest,
            AMONG: None if among is None else among_value(among),
        }
        given = {term: value for term, value in asked.items() if value is not None}
        rows = self.database.rows(
            f"""SELECT id, version, document FROM approvals
                WHERE {" AND ".join(given)}
                ORDER BY created_us DESC, id DESC LIMIT ?""",  # noqa: S608  fixed conditions
            (*given.values(), limit),
        )
        return [versioned.value for versioned in self.load_rows(rows)]


def _key_columns(value: ApiKey) -> Columns:
    return {
        "created_us": to_us(value.created_at),
        "expires_us": optional_us(value.expires_at),
        "parent": value.parent,
    }


class SqliteApiKeys(SqliteDocuments[ApiKey]):
    """ApiKeys port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, API_KEYS, clock, _key_columns)

    async def list(self, limit: int) -> Sequence[ApiKey]:
        """Return keys, newest first. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM api_keys ORDER BY created_us DESC, id LIMIT ?",
            (limit,),
        )
        return [versioned.value for versioned in self.load_rows(rows)]

    async def children(self, parent: str, limit: int) -> Sequence[ApiKey]:
        """Return keys that this one made. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM api_keys WHERE parent = ? LIMIT ?", (parent, limit)
        )
        return [versioned.value for versioned in self.load_rows(rows)]


def _session_columns(value: ConsoleSession) -> Columns:
    return {"created_us": to_us(value.created_at), "expires_us": to_us(value.expires_at)}


class SqliteConsoleSessions(SqliteDocuments[ConsoleSession]):
    """ConsoleSessions port."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        super().__init__(database, CONSOLE_SESSIONS, clock, _session_columns)

    async def list(self, limit: int) -> Sequence[ConsoleSession]:
        """Return sessions, newest first. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id, version, document FROM console_sessions"
            " ORDER BY created_us DESC, id LIMIT ?",
            (limit,),
        )
        return [versioned.value for versioned in self.load_rows(rows)]
