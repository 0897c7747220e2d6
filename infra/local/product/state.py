"""What the product itself remembers: who is connected, and how far it has read."""

import sqlite3
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS followed (
    person TEXT PRIMARY KEY, connection_id TEXT NOT NULL, cursor TEXT) STRICT;
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
        """Return the id of the person's connection."""
        row = self._row("SELECT connection_id FROM followed WHERE person = ?", person)
        return str(row[0]) if row else None

    def cursor_of(self, person: str) -> str | None:
        """Return the cursor up to which the person's page has been told of changes."""
        row = self._row("SELECT cursor FROM followed WHERE person = ?", person)
        return row[0] if row else None

    def advance(self, person: str, connection_id: str, cursor: str) -> None:
        """Remember how far the connection's changes were read."""
        self._db.execute(
            "UPDATE followed SET cursor = ? WHERE person = ? AND connection_id = ?",
            (cursor, person, connection_id),
        )

    def _row(self, statement: str, *values: str) -> tuple[str, ...] | None:
        row: tuple[str, ...] | None = self._db.execute(statement, values).fetchone()
        return row
