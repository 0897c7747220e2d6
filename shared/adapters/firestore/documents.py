"""Documents port on Firestore: create, compare-and-set on the update time, named fields only."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import orjson

from shared.adapters.documents.codec import Codec, Path
from shared.adapters.firestore.queries import build_query
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import (
    Reference,
    change,
    creation,
    deletion,
    fields_of,
    version_of,
)
from shared.errors import ConflictError, CorruptStateError
from shared.ports.documents import Versioned

T = TypeVar("T")
Derived = Mapping[str, Any]

_log = logging.getLogger(__name__)


def nothing_derived(_value: Any) -> Derived:
    """Return that the collection is only ever read by id."""
    return {}


@dataclass(frozen=True)
class FirestoreDocuments(Generic[T]):
    """A collection; `derived` says what is stored beside the fields for queries to find.

    Times and bytes are stored as such; fields that may hold anything (metadata, payloads) as one
    JSON text, because Firestore has no arrays of arrays and refuses some names.
    """

    rpc: FirestoreRpc
    codec: Codec[T]
    derived: Callable[[T], Derived] = nothing_derived

    async def get(self, id: str) -> Versioned[T] | None:
        """Read one. Raises CorruptStateError, StoreUnavailableError."""
        name = self.name(id)
        found = (await self.rpc.get((name,))).get(name)
        return None if found is None else self.load_document(id, found)

    async def create(self, value: T) -> Versioned[T]:
        """Write a new one. Raises AlreadyExistsError, StoreUnavailableError."""
        (result,) = await self.rpc.commit((self.creation(value),))
        return Versioned(value, version_of(result.update_time))

    async def swap(self, was: Versioned[T], now: T) -> Versioned[T]:
        """Write the fields that differ. Raises ConflictError, StoreUnavailableError."""
        (result,) = await self.rpc.commit((self.change(was, now),))
        return Versioned(now, version_of(result.update_time))

    async def delete(self, was: Versioned[T]) -> bool:
        """Delete the version read. Raises ConflictError, StoreUnavailableError."""
        name = self.name(self.codec.id_of(was.value))
        try:
            await self.rpc.commit((deletion(name, was.version),))
        except ConflictError:
            if await self.rpc.get((name,), ("schema_version",)):
                raise
            return False
        return True

    async def walk(
        self, after: str | None, limit: int
    ) -> tuple[Sequence[Versioned[T]], str | None]:
        """Return the next documents by name. Raises StoreUnavailableError."""
        start = None if after is None else (Reference(after),)
        query = build_query(
            self.codec.collection, order=(("__name__", "ASC"),), limit=limit, after=start
        )
        documents = await self.rpc.query(query)
        last = documents[-1].name if len(documents) == limit else None
        return self.load_documents(documents), last

    def name(self, id: str) -> str:
        """Return the document's full name."""
        return self.rpc.name(self.codec.collection, self.codec.key_of(id))

    def creation(self, value: T) -> Any:
        """Return the write that creates the document."""
        return creation(self.name(self.codec.id_of(value)), self.fields(value))

    def change(self, was: Versioned[T], now: T) -> Any:
        """Return the write of what differs, at the version read."""
        changes = {
            path: self._stored_value(now, path, value)
            for path, value in self.codec.changes(was.value, now).items()
        }
        return self._change(now, changes, was.version)

    def overwriting(self, now: T, version: str) -> Any:
        """Return the write of every known field, at the version read."""
        changes: dict[Path, Any] = {(name,): value for name, value in self.fields(now).items()}
        return self._change(now, changes, version)

    def fields(self, value: T) -> dict[str, Any]:
        """Return everything stored of a value."""
        dumped = self.codec.dump(value)
        stored = {name: self._stored_value(value, (name,), inner) for name, inner in dumped.items()}
        return {**stored, **self.derived(value)}

    def load_document(self, id: str, document: Any) -> Versioned[T]:
        """Read a document. Raises CorruptStateError."""
        stored = fields_of(document)
        try:
            for name in self._texts.intersection(stored):
                stored[name] = None if stored[name] is None else orjson.loads(stored[name])
        except ValueError:
            raise self.codec.corrupt(id) from None
        return Versioned(self.codec.load(id, stored), version_of(document.update_time))

    def load_documents(self, documents: Iterable[Any]) -> Sequence[Versioned[T]]:
        """Read documents; a corrupt one is named in the log and left out.

        One broken document must not hide all the others from a walk over a list.
        """
        found = []
        for document in documents:
            try:
                found.append(self.load_document(document.name.rpartition("/")[2], document))
            except CorruptStateError as error:
                _log.warning("Left out of a listing: %s", error)
        return found

    def _change(self, now: T, changes: dict[Path, Any], version: str) -> Any:
        for name, value in self.derived(now).items():
            changes[(name,)] = value
        # A write needs at least one field to be refused at the wrong version.
        changes.setdefault(("schema_version",), getattr(now, "schema_version", 1))
        return change(self.name(self.codec.id_of(now)), changes, version)

    def _stored_value(self, value: T, path: Path, dumped: Any) -> Any:
        if len(path) > 1:
            return dumped
        if path[0] in self._texts:
            return None if dumped is None else orjson.dumps(dumped).decode()
        native = getattr(value, path[0])
        return native if isinstance(native, datetime | bytes) else dumped

    @cached_property
    def _texts(self) -> frozenset[str]:
        hints = get_type_hints(self.codec.type)
        return frozenset(name for name, hint in hints.items() if _free(hint))


def _free(hint: Any) -> bool:
    """Whether values of this type may hold names or nesting that are not ours to choose."""
    if hint is Any or get_origin(hint) is Mapping:
        return True
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return any(_free(hints[field.name]) for field in fields(hint))
    return any(_free(inner) for inner in get_args(hint))
