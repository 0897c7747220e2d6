"""Approvals port on SQLite."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.adapters.document_codec import APPROVALS
from shared.adapters.sqlite_concluding import SqliteConcluding
from shared.adapters.sqlite_database import optional_us, to_us
from shared.adapters.sqlite_documents import AMONG, Columns, among_value
from shared.adapters.sqlite_outbox import SqliteOutbox
from shared.domain.approval import Approval, ApprovalState
from shared.domain.event import Event
from shared.domain.ids import ConnectionId
from shared.ports.versioned import Versioned

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

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[str]:
        """Answer ids of the shard's due approvals. Raises StoreUnavailableError."""
        rows = self.database.rows(
            "SELECT id FROM approvals WHERE shard = ? AND due_us <= ? ORDER BY due_us LIMIT ?",
            (shard, to_us(now), limit),
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
        """Answer approvals, newest first. Raises StoreUnavailableError."""
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
        return [versioned.value for versioned in self.listed(rows)]
