"""One SQLite file: its connection, its transactions, and its errors in our words.

Statements take microseconds and run on the event loop's own thread; no transaction spans an
`await`. Other connections and processes may use the file at the same time.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from shared.adapters.sqlite_schema import ADDED, SCHEMA
from shared.errors import StoreUnavailableError

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process's transaction."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Row = tuple[Any, ...]


def to_us(moment: datetime) -> int:
    """Answer microseconds since 1970, the form in which times are compared."""
    return (moment - _EPOCH) // _MICROSECOND


def optional_us(moment: datetime | None) -> int | None:
    """Answer microseconds since 1970, or None."""
    return None if moment is None else to_us(moment)


def from_us(value: int) -> datetime:
    """Answer the moment, aware, UTC."""
    return _EPOCH + value * _MICROSECOND


def optional_moment(value: int | None) -> datetime | None:
    """Answer the moment, or None."""
    return None if value is None else from_us(value)


class SqliteDatabase:
    """A connection to the file; everything else in this family is given one."""

    def __init__(self, path: str | Path) -> None:
        """Open or create the file and its tables. Raises StoreUnavailableError."""
        self._lock = RLock()
        with _translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            # What is deleted is overwritten: mail must not stay readable in free pages.
            self._connection.execute("PRAGMA secure_delete = ON")
        with self.transaction() as connection:
            for table, name, kind in ADDED:
                _add_column(connection, table, name, kind)
            for statement in SCHEMA:
                connection.execute(statement)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Read. Raises StoreUnavailableError."""
        with self._lock, _translated():
            return self._connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """Read row by row, before anything else happens. Raises StoreUnavailableError."""
        with self._lock, _translated():
            yield from self._connection.execute(sql, parameters)

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """Read one row or None. Raises StoreUnavailableError."""
        with self._lock, _translated():
            row: Row | None = self._connection.execute(sql, parameters).fetchone()
            return row

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock; leave by an exception and nothing was written."""
        with self._lock, _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; every later call raises StoreUnavailableError."""
        with self._lock:
            self._connection.close()


def _add_column(connection: sqlite3.Connection, table: str, name: str, kind: str) -> None:
    """Add a column to a table that is there without it."""
    present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    if present and name not in present:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"SQLite did not answer: {error}") from error
