"""Documents on SQLite whose end is told: the change and its event are one transaction."""

from collections.abc import Callable
from typing import TypeVar

from shared.adapters.document_codec import Codec
from shared.adapters.sqlite_documents import Columns, SqliteDocuments
from shared.adapters.sqlite_outbox import SqliteOutbox
from shared.domain.event import Event
from shared.ports.versioned import Versioned

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
