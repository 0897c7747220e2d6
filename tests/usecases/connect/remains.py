"""What a database still holds, read behind the store's back: every table, every collection."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from google.cloud.firestore import AsyncClient

from infra.indexes import collections
from shared.adapters.firestore.indexes import TTL

Rows = Mapping[str, Sequence[str]]
"""By table or collection: each row or document as text."""


class Remains(Protocol):
    """A database opened for a look."""

    async def rows(self) -> Rows:
        """Return everything that is stored."""

    async def expire(self, now: datetime) -> None:
        """Do what the database itself does to documents that have expired."""

    def loose_bytes(self) -> bytes:
        """Return what lies on disk, free pages and logs included."""


class SqliteRemains:
    """The file of a deployment."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def rows(self) -> Rows:
        with sqlite3.connect(self.path) as database:
            named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                table: [repr(row) for row in database.execute(f"SELECT * FROM {table}")]
                for (table,) in named.fetchall()
                if not table.startswith("sqlite_")
            }

    async def expire(self, now: datetime) -> None:
        """SQLite does nothing by itself: the deployment's upkeep has to."""

    def loose_bytes(self) -> bytes:
        return b"".join(one.read_bytes() for one in self.path.parent.glob(f"{self.path.name}*"))


class FirestoreRemains:
    """A project of the emulator, which never expires anything: TTL is done here as declared."""

    def __init__(self, project: str) -> None:
        self.client = AsyncClient(project=project)

    async def rows(self) -> Rows:
        return {
            name: [repr((one.id, one.to_dict())) async for one in self._all(name)]
            for name in sorted(collections())
        }

    async def expire(self, now: datetime) -> None:
        for name, field in TTL.items():
            async for one in self._all(name):
                until = (one.to_dict() or {}).get(field)
                if until is not None and until < now:
                    await one.reference.delete()

    def loose_bytes(self) -> bytes:
        return b""

    def _all(self, name: str) -> Any:
        return self.client.collection_group(name).stream()


def naming(rows: Rows, *marks: str) -> dict[str, int]:
    """Return, by table, how many rows name any of the marks."""
    found = {
        table: sum(any(mark in row for mark in marks) for row in held)
        for table, held in rows.items()
    }
    return {table: count for table, count in found.items() if count}
