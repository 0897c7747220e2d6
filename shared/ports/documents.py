"""The promise every collection of small documents keeps, and a document as it was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A value and the store's opaque version of it."""

    value: T
    version: str


class Documents(Protocol[T]):
    """A collection of documents of one type, each found by its id.

    `create` and `swap` are the only ways to write: there are no blind sets. A `swap` writes only
    the fields that differ, so fields this version of the code does not know survive it.
    """

    async def get(self, id: str) -> Versioned[T] | None:
        """Read one. Raises CorruptStateError where the document does not parse."""
        ...

    async def create(self, value: T) -> Versioned[T]:
        """Write a new one. Raises AlreadyExistsError."""
        ...

    async def swap(self, was: Versioned[T], now: T) -> Versioned[T]:
        """Replace the version read by `now`. Raises ConflictError if it changed meanwhile."""
        ...

    async def delete(self, was: Versioned[T]) -> bool:
        """Delete the version read, and answer whether this call did it.

        An absent document counts as deleted and answers False, so of several callers that take
        a single-use document exactly one is answered True. Raises ConflictError.
        """
        ...


class WalkedDocuments(Documents[T], Protocol[T]):
    """A collection that can be walked from end to end while others write to it."""

    async def walk(
        self, after: str | None, limit: int
    ) -> tuple[Sequence[Versioned[T]], str | None]:
        """Return the next documents in a fixed order, and the place to go on from.

        `after` is a place answered before, None the beginning; the place answered is None at the
        end. Corrupt documents are left out, so a page may be short or empty and not the last.
        """
        ...
