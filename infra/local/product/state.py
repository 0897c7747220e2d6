"""What the product itself remembers: who is connected, how far it has read, what was opened."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS followed (
    person TEXT PRIMARY KEY, connection_id TEXT NOT NULL, cursor TEXT) STRICT;
CREATE TABLE IF NOT EXISTS opened (
    connection_id TEXT, message_id TEXT, PRIMARY KEY (connection_id, message_id))
    STRICT, WITHOUT ROWID;
"""


class ProductState:
    """One small SQLite file; every call takes microseconds."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def follow(self, person: str, connection_id: str) -> None:
        """Remember a person's connection; another one than before is read from the start."""
        self._db.execute(
            "INSERT INTO followed VALUES (?, ?, NULL) ON CONFLICT (person) DO UPDATE SET"
            " cursor = iif(connection_id = excluded.connection_id, cursor, NULL),"
            " connection_id = excluded.connection_id",
            (person, connection_id),
        )

    def forget(self, person: str) -> None:
        """Forget a person's connection."""
        self._db.execute("DELETE FROM followed WHERE person = ?", (person,))

    def connection_of(self, person: str) -> str | None:
        """Answer the id of the person's connection."""
        row = self._row("SELECT connection_id FROM followed WHERE person = ?", person)
        return str(row[0]) if row else None

    def cursor_of(self, person: str) -> str | None:
        """Answer the cursor up to which the person's page has been told of changes."""
        row = self._row("SELECT cursor FROM followed WHERE person = ?", person)
        return row[0] if row else None

    def advance(self, person: str, connection_id: str, cursor: str) -> None:
        """Remember how far the connection's changes were read."""
        self._db.execute(
            "UPDATE followed SET cursor = ? WHERE person = ? AND connection_id = ?",
            (cursor, person, connection_id),
        )

    def open(self, connection_id: str, message_ids: Iterable[str]) -> None:
        """Remember that messages were read here, whatever Gmail says."""
        rows = [(connection_id, id) for id in message_ids]
        self._db.executemany("INSERT OR IGNORE INTO opened VALUES (?, ?)", rows)

    def opened(self, connection_id: str, message_ids: Iterable[str]) -> frozenset[str]:
        """Answer which of these messages were read here."""
        ids = list(message_ids)
        marks = ",".join("?" * len(ids))
        rows = self._db.execute(
            f"SELECT message_id FROM opened WHERE connection_id = ? AND message_id IN ({marks})",  # noqa: S608  only question marks
            (connection_id, *ids),
        )
        return frozenset(row[0] for row in rows)

    def _row(self, statement: str, *values: str) -> tuple[str, ...] | None:
        row: tuple[str, ...] | None = self._db.execute(statement, values).fetchone()
        return row
