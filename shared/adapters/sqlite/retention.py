"""Retention port on SQLite: there is no TTL here, so the deployment's upkeep sweeps."""

from dataclasses import dataclass

from shared.adapters.sqlite.database import SqliteDatabase, to_us
from shared.adapters.sqlite.documents import SWEEP_AFTER
from shared.adapters.sqlite.schema import OWNED, SWEPT
from shared.domain.ids import ConnectionId
from shared.ports.clock import Clock

FAREWELL = """(json_extract(document, '$.type') IS 'auth'
 AND json_extract(document, '$.payload.operation') IS 'deletion')"""
"""Of an event: what `Event.is_farewell` says."""


@dataclass(frozen=True)
class SqliteRetention:
    """Retention port; every method raises StoreUnavailableError."""

    database: SqliteDatabase
    clock: Clock

    async def erase(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete what is the connection's: how many."""
        gone = 0
        with self.database.transaction() as connection:
            for table, owner in OWNED.items():
                gone += connection.execute(
                    f"""DELETE FROM {table} WHERE id IN (SELECT id FROM {table}
                        WHERE {owner} = ? AND NOT {FAREWELL} LIMIT ?)""",  # noqa: S608  own names
                    (connection_id, limit - gone),
                ).rowcount
        return gone

    async def sweep(self, limit: int) -> int:
        """Delete what expired a day ago, then cut the log that still holds what was deleted."""
        gone, before = 0, to_us(self.clock.now() - SWEEP_AFTER)
        with self.database.transaction() as connection:
            for table in sorted(SWEPT):
                gone += connection.execute(
                    f"""DELETE FROM {table} WHERE id IN (SELECT id FROM {table}
                        WHERE expires_us < ? LIMIT ?)""",  # noqa: S608  own names
                    (before, limit - gone),
                ).rowcount
        self.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone
