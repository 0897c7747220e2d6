"""Emptying and purging what tables of a connection hold: messages, or own models."""

# ruff: noqa: S608  every name in the statements is one of our own tables

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.adapters.sqlite.database import SqliteDatabase, to_us
from shared.domain.ids import ConnectionId


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
