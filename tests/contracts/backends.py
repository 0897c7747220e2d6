"""The two technologies a store contract runs over, and a way to tamper with what they hold."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from google.cloud.firestore_v1 import AsyncClient

from shared.adapters.firestore.store import store_over
from shared.adapters.firestore.values import document_key
from shared.adapters.sqlite import store as sqlite_store
from shared.ports.events import Wake, wake_nothing
from shared.ports.store import Store
from tests.contracts.index_plans import IndexedRpc
from tests.harness.clock import ManualClock


class Backend(Protocol):
    """One database, opened as often as a test likes, and open to tampering."""

    clock: ManualClock

    def open(self, wake: Wake = wake_nothing) -> Store:
        """Return another store over the same data."""

    async def set_field(self, path: Sequence[str], name: str, value: Any) -> None:
        """Write one field of a stored document behind the store's back."""

    async def get_field(self, path: Sequence[str], name: str) -> Any:
        """Read one field of a stored document behind the store's back."""

    async def close(self) -> None:
        """Close everything that was opened."""


@dataclass
class SqliteBackend:
    """A file of its own for each test."""

    path: Path
    clock: ManualClock = field(default_factory=ManualClock)
    opened: list[Store] = field(default_factory=list)

    def open(self, wake: Wake = wake_nothing) -> Store:
        self.opened.append(sqlite_store.open_store(self.path, self.clock, wake))
        return self.opened[-1]

    async def set_field(self, path: Sequence[str], name: str, value: Any) -> None:
        with self._tampering() as database:
            if path[-2] == "records":
                database.execute(
                    f"UPDATE records SET {name} = ? WHERE connection_id = ? AND message_id = ?",
                    (value, path[1], path[3]),
                )
                return
            table, where, ids = self._place(path)
            (text,) = database.execute(f"SELECT document FROM {table} {where}", ids).fetchone()
            document = json.loads(text)
            place = document
            *above, last = name.split(".")
            for inner in above:
                place = place[inner]
            place[last] = value
            database.execute(
                f"UPDATE {table} SET document = ? {where}", (json.dumps(document), *ids)
            )

    async def get_field(self, path: Sequence[str], name: str) -> Any:
        with self._tampering() as database:
            table, where, ids = self._place(path)
            (text,) = database.execute(f"SELECT document FROM {table} {where}", ids).fetchone()
        found = json.loads(text)
        for inner in name.split("."):
            found = found[inner]
        return found

    async def close(self) -> None:
        for store in self.opened:
            await store.close()

    def _place(self, path: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
        if len(path) == 4:
            return path[2], "WHERE connection_id = ? AND message_id = ?", (path[1], path[3])
        return path[0], "WHERE id = ?", (path[1],)

    def _tampering(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)


@dataclass
class FirestoreBackend:
    """A project of its own for each test: the emulator keeps projects apart."""

    project: str
    clock: ManualClock = field(default_factory=ManualClock)
    opened: list[Store] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = AsyncClient(project=self.project)

    def open(self, wake: Wake = wake_nothing) -> Store:
        self.opened.append(store_over(IndexedRpc(self.project), wake))
        return self.opened[-1]

    async def set_field(self, path: Sequence[str], name: str, value: Any) -> None:
        await self._client.document(*_called(path)).update({name: value})

    async def get_field(self, path: Sequence[str], name: str) -> Any:
        return (await self._client.document(*_called(path)).get()).get(name)

    async def close(self) -> None:
        for store in self.opened:
            await store.close()
        self._client.close()


def _called(path: Sequence[str]) -> Sequence[str]:
    """Return a path with its ids as Firestore's documents are called."""
    return [document_key(part) if index % 2 else part for index, part in enumerate(path)]
