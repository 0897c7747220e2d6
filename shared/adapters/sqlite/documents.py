"""Documents port on SQLite: one table a collection, JSON beside the columns queries need."""

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from sqlite3 import Connection, IntegrityError
from typing import Any, Generic, TypeVar

import orjson

from shared.adapters.documents.codec import Codec, Path, apply
from shared.adapters.sqlite.database import Row, SqliteDatabase, to_us
from shared.adapters.sqlite.schema import SWEPT
from shared.errors import AlreadyExistsError, ConflictError, CorruptStateError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned

T = TypeVar("T")
Columns = Mapping[str, str | int | None]

SWEEP_AFTER = timedelta(days=1)
"""How long an expired document may still be read, as with Firestore's TTL (FACTS 9.6)."""
SWEEP_LIMIT = 20
"""Most expired documents one create takes along."""

AMONG = "connection_id IN (SELECT value FROM json_each(?))"
"""Only what belongs to one of some connections, however many."""

_log = logging.getLogger(__name__)


def among_value(connections: Iterable[str]) -> str:
    """Return the parameter of AMONG."""
    return orjson.dumps(sorted(connections)).decode()


def no_columns(_value: Any) -> Columns:
    """Return that the collection is only ever read by id."""
    return {}


@dataclass(frozen=True)
class SqliteDocuments(Generic[T]):
    """A collection; `columns` says what stands beside each document for queries to find."""

    database: SqliteDatabase
    codec: Codec[T]
    clock: Clock
    columns: Callable[[T], Columns] = no_columns

    @property
    def table(self) -> str:
        """The collection's own table."""
        return self.codec.collection

    async def get(self, id: str) -> Versioned[T] | None:
        """Read one. Raises CorruptStateError, StoreUnavailableError."""
        row = self.database.row(
            f"SELECT version, document FROM {self.table} WHERE id = ?",  # noqa: S608  own names
            (self.codec.key_of(id),),
        )
        if row is None:
            return None
        return Versioned(self.codec.load(id, self.parse_document(id, row[1])), str(row[0]))

    async def create(self, value: T) -> Versioned[T]:
        """Write a new one. Raises AlreadyExistsError, StoreUnavailableError."""
        with self.database.transaction() as connection:
            version = self.insert(connection, value)
            self.sweep(connection)
        return Versioned(value, version)

    async def swap(self, was: Versioned[T], now: T) -> Versioned[T]:
        """Write the fields that differ. Raises ConflictError, StoreUnavailableError."""
        changes = self.codec.changes(was.value, now)
        with self.database.transaction() as connection:
            return Versioned(now, self.update(connection, now, was.version, changes))

    async def delete(self, was: Versioned[T]) -> bool:
        """Delete the version read. Raises ConflictError, StoreUnavailableError."""
        key = self.codec.key_of(self.codec.id_of(was.value))
        with self.database.transaction() as connection:
            row = connection.execute(
                f"SELECT version FROM {self.table} WHERE id = ?",  # noqa: S608  own names
                (key,),
            ).fetchone()
            if row is None:
                return False
            self._expect(key, was.version, row)
            connection.execute(f"DELETE FROM {self.table} WHERE id = ?", (key,))  # noqa: S608
            self.after_write(connection, key, None)
        return True

    async def walk(
        self, after: str | None, limit: int
    ) -> tuple[Sequence[Versioned[T]], str | None]:
        """Return the next documents by id. Raises StoreUnavailableError."""
        rows = self.database.rows(
            f"""SELECT id, version, document FROM {self.table}
                WHERE id > ? ORDER BY id LIMIT ?""",  # noqa: S608  own names
            (after or "", limit),
        )
        return self.load_rows(rows), rows[-1][0] if len(rows) == limit else None

    def insert(self, connection: Connection, value: T) -> str:
        """Insert inside a transaction; return the version. Raises AlreadyExistsError."""
        key = self.codec.key_of(self.codec.id_of(value))
        # A random start: a version from before a deletion never fits the document made after it.
        version = secrets.randbits(62)
        columns = {
            "id": key,
            "version": version,
            "document": _text(self.codec.dump(value)),
            **self.columns(value),
        }
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        try:
            connection.execute(
                f"INSERT INTO {self.table} ({names}) VALUES ({marks})",  # noqa: S608  own names
                (*columns.values(),),
            )
        except IntegrityError as error:
            raise AlreadyExistsError(f"{self.table}/{key} is there already.") from error
        self.after_write(connection, key, value)
        return str(version)

    def update(
        self, connection: Connection, now: T, expected: str, changes: Mapping[Path, Any]
    ) -> str:
        """Update inside a transaction; return the version. Raises ConflictError."""
        id = self.codec.id_of(now)
        key = self.codec.key_of(id)
        row = connection.execute(
            f"SELECT version, document FROM {self.table} WHERE id = ?",  # noqa: S608  own names
            (key,),
        ).fetchone()
        version = self._expect(key, expected, row)
        document = self.parse_document(id, row[1])
        apply(document, changes)
        columns = {"version": version + 1, "document": _text(document), **self.columns(now)}
        marks = ", ".join(f"{name} = ?" for name in columns)
        connection.execute(
            f"UPDATE {self.table} SET {marks} WHERE id = ?",  # noqa: S608  own names
            (*columns.values(), key),
        )
        self.after_write(connection, key, now)
        return str(version + 1)

    def after_write(self, connection: Connection, key: str, value: T | None) -> None:
        """Keep side tables in step, inside the same transaction; None means deleted."""

    def parse_document(self, id: str, text: str) -> dict[str, Any]:
        """Parse a stored document. Raises CorruptStateError."""
        try:
            document = orjson.loads(text)
        except ValueError:
            raise self.codec.corrupt(id) from None
        if not isinstance(document, dict):
            raise self.codec.corrupt(id)
        return document

    def load_rows(self, rows: Iterable[Row]) -> Sequence[Versioned[T]]:
        """Read rows of (id, version, document); a corrupt one is named in the log and left out.

        One broken document must not hide all the others from a walk over a list.
        """
        found = []
        for id, version, text in rows:
            try:
                value = self.codec.load(id, self.parse_document(id, text))
            except CorruptStateError as error:
                _log.warning("Left out of a listing: %s", error)
                continue
            found.append(Versioned(value, str(version)))
        return found

    def _expect(self, key: str, expected: str, row: Row | None) -> int:
        if row is None or str(row[0]) != expected:
            raise ConflictError(f"{self.table}/{key} changed since it was read.")
        return int(row[0])

    def sweep(self, connection: Connection) -> None:
        """Take some expired documents along, where the collection's expire."""
        if self.table not in SWEPT:
            return
        connection.execute(
            f"""DELETE FROM {self.table} WHERE id IN (SELECT id FROM {self.table}
                WHERE expires_us < ? LIMIT {SWEEP_LIMIT})""",  # noqa: S608  own names
            (to_us(self.clock.now() - SWEEP_AFTER),),
        )


def _text(document: Mapping[str, Any]) -> str:
    return orjson.dumps(document).decode()
