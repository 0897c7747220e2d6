"""Documents on SQLite whose end is told: the change and its event are one transaction."""

from typing import TypeVar

from shared.adapters.sqlite_documents import SqliteDocuments
from shared.adapters.sqlite_outbox import SqliteOutbox
from shared.domain.event import Event
from shared.ports.versioned import Versioned

T = TypeVar("T")


class SqliteConcluding(SqliteDocuments[T]):
    """Documents that can be swapped together with an event."""

    async def conclude(self, was: Versioned[T], now: T, event: Event) -> Versioned[T]:
        """Swap and write the event. Raises ConflictError, StoreUnavailableError."""
        changes = self.codec.changes(was.value, now)
        with self.database.transaction() as connection:
            version = self.update(connection, now, was.version, changes)
            SqliteOutbox(self.database, self.clock).insert(connection, event)
        return Versioned(now, version)
