"""Retention on SQLite: what is emptied, purged, erased and, for want of a TTL, swept."""

# ruff: noqa: S608  every name in the statements is one of our own tables
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
                        WHERE {owner} = ? AND NOT {FAREWELL} LIMIT ?)""",
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
                        WHERE expires_us < ? LIMIT ?)""",
                    (before, limit - gone),
                ).rowcount
        self.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone


def empty_payloads(
    database: SqliteDatabase,
    heads: str,
    payloads: str,
    where: str,
    values: Sequence[Any],
    *,
    limit: int,
    now: datetime,
    forgetting: Sequence[str] = (),
) -> tuple[int, bool]:
    """Empty unpruned payloads in their records' order: how many, and whether more remain.

    `forgetting` are statements that, given a record's key, empty what else tells of its content.
    """
    with database.transaction() as connection:
        keys = connection.execute(
            f"""SELECT key FROM {heads} WHERE {where} AND pruned_us IS NULL
                ORDER BY sequence LIMIT ?""",
            (*values, limit + 1),
        ).fetchall()
        emptied = keys[:limit]
        for statement in (f"UPDATE {payloads} SET payload = x'' WHERE key = ?", *forgetting):
            connection.executemany(statement, emptied)
        connection.executemany(
            f"UPDATE {heads} SET pruned_us = ? WHERE key = ?",
            [(to_us(now), key) for (key,) in emptied],
        )
    return len(emptied), len(keys) > limit


def purge(
    database: SqliteDatabase,
    owner: ConnectionId,
    tables: Sequence[str],
    quarantine: tuple[str, str],
    limit: int,
) -> int:
    """Delete records, then quarantine entries, for good: how many went.

    The last of the tables is that of the heads; the others hang on its keys. `quarantine` is its
    table, and the columns that tell its entries apart.
    """
    aside, names = quarantine
    with database.transaction() as connection:
        keys = connection.execute(
            f"SELECT key FROM {tables[-1]} WHERE connection_id = ? LIMIT ?", (owner, limit)
        ).fetchall()
        for table in tables:
            connection.executemany(f"DELETE FROM {table} WHERE key = ?", keys)
        entries = connection.execute(
            f"""DELETE FROM {aside} WHERE connection_id = ?1 AND ({names}) IN (
                SELECT {names} FROM {aside} WHERE connection_id = ?1 LIMIT ?2)""",
            (owner, limit - len(keys)),
        ).rowcount
    return len(keys) + entries
