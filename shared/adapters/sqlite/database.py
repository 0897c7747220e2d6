"""One SQLite file: its connection, its transactions, and its errors in our words.

Statements take microseconds and run on the event loop's own thread; no transaction spans an
`await`. Other connections and processes may use the file at the same time.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any

from shared.adapters.sqlite.schema import ADDED, SCHEMA
from shared.errors import CorruptStoreError, StoreUnavailableError

BUSY_TIMEOUT_S = 5.0
"""How long a statement waits for another process's transaction."""

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
NO_TEXT = "Could not decode to UTF-8"
"""How Python says that a stored text is none; it quotes it, so it is never passed on."""
PRIVATE = 0o600
"""Mode of the file; SQLite gives its log and shared memory the same."""

IN_MEMORY = ":memory:"
"""SQLite's name for a database without a file."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Row = tuple[Any, ...]


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970, the form in which times are compared."""
    return (moment - _EPOCH) // _MICROSECOND


def optional_us(moment: datetime | None) -> int | None:
    """Return microseconds since 1970, or None."""
    return None if moment is None else to_us(moment)


def from_us(value: int) -> datetime:
    """Return the moment, aware, UTC."""
    return _EPOCH + value * _MICROSECOND


def optional_moment(value: int | None) -> datetime | None:
    """Return the moment, or None."""
    return None if value is None else from_us(value)


class SqliteDatabase:
    """A connection to the file; everything else in this family is given one."""

    def __init__(self, path: str | Path) -> None:
        """Open or create the file and its tables.

        Raises StoreUnavailableError, CorruptStoreError; so does every method.
        """
        self._lock = RLock()
        create_private(path)
        with _translating():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            # What is deleted is overwritten: mail must not stay readable in free pages.
            self._connection.execute("PRAGMA secure_delete = ON")
            if str(path) == IN_MEMORY:
                _empty().backup(self._connection)
                return
        with self.transaction() as connection:
            _make_tables(connection)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Read. Raises StoreUnavailableError."""
        with self._lock, _translating():
            return self._connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """Read row by row, before anything else happens. Raises StoreUnavailableError."""
        with self._lock, _translating():
            yield from self._connection.execute(sql, parameters)

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """Read one row or None. Raises StoreUnavailableError."""
        with self._lock, _translating():
            row: Row | None = self._connection.execute(sql, parameters).fetchone()
            return row

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock; leave by an exception and nothing was written."""
        with self._lock, _translating():
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


@cache
def _empty() -> sqlite3.Connection:
    """Return a database in memory with our tables: copied in a tenth of the time of making one."""
    connection = sqlite3.connect(IN_MEMORY, isolation_level=None, check_same_thread=False)
    _make_tables(connection)
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    for table, name, kind in ADDED:
        _add_column(connection, table, name, kind)
    for statement in SCHEMA:
        connection.execute(statement)


def create_private(path: str | Path) -> None:
    """Create a database file that only its owner can read, whatever the process's umask."""
    if str(path) == IN_MEMORY:
        return
    with suppress(OSError):  # SQLite says what is wrong with the place
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, PRIVATE))


def _add_column(connection: sqlite3.Connection, table: str, name: str, kind: str) -> None:
    """Add a column to a table that is there without it."""
    present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    if present and name not in present:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if is_damage(error):
            raise corruption() from None
        raise StoreUnavailableError(f"SQLite did not answer: {error}") from error


def corruption() -> CorruptStoreError:
    """Return the error; it quotes nothing of SQLite's words, which may quote what is stored."""
    return CorruptStoreError("The store's file is damaged: `doctor` says what to do.")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is damaged: no later try can read it."""
    code = getattr(error, "sqlite_errorcode", None)
    return str(error).startswith(NO_TEXT) or (code is not None and code & 0xFF in DAMAGED)


def first_damage(path: Path) -> str | None:
    """Return what is wrong with a file's pages and indexes, None where it is whole; slow."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if is_damage(error):
            return "SQLite cannot read it"
        raise StoreUnavailableError(f"SQLite did not answer: {error}") from error
    return None if found == "ok" else str(found).replace("\n", " ")
