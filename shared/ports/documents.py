"""The promise every collection of small documents keeps, and a document as it was read."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar

from shared.errors import ConflictError
from shared.ports.clock import Clock

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")
PAGE: Final = 200
"""Documents that a walk reads at once."""
TRIES: Final = 50
"""Of a write that others are faster at; each of them got something done."""


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


async def update(
    documents: Documents[T],
    id: str,
    change: Callable[[T], T | None],
    read: Versioned[T] | None = None,
) -> T | None:
    """Apply a pure change by compare-and-set, again on what another writer made of the document.

    Return the document as it is now; None where there is none or `change` returned None to leave
    it. An equal value is not written. `read` is the version read before, if any. Raises
    ConflictError after TRIES, and what `change` raises.
    """

    async def apply(was: T) -> T | None:
        return change(was)

    return await update_by(documents, id, apply, read)


async def update_by(
    documents: Documents[T],
    id: str,
    change: Callable[[T], Awaitable[T | None]],
    read: Versioned[T] | None = None,
) -> T | None:
    """Update by a change that awaits, and may run more than once."""
    known = [read] if read is not None else []

    async def attempt() -> T | None:
        was = known.pop() if known else await documents.get(id)
        now = await change(was.value) if was is not None else None
        if was is None or now is None or now == was.value:
            return now
        return (await documents.swap(was, now)).value

    return await until_written(attempt)


async def until_written(attempt: Callable[[], Awaitable[R]]) -> R:
    """Read, decide and write by `attempt`, again where another writer was faster.

    Raises ConflictError after TRIES, and what `attempt` raises.
    """
    for _ in range(TRIES - 1):
        with suppress(ConflictError):
            return await attempt()
    return await attempt()


async def walk_until(
    deadline: datetime,
    clock: Clock,
    documents: WalkedDocuments[T],
    visit: Callable[[Sequence[Versioned[T]], A], Awaitable[A]],
    total: A,
    at_once: int = 1,
) -> tuple[A, bool]:
    """Visit a whole collection, so many documents at once, each visit adding to the total.

    Return the total, and False where time ran out before the end. What a visit raises ends the
    walk: what was done stays done.
    """
    place = None
    while True:
        page, place = await documents.walk(place, PAGE)
        for start in range(0, len(page), at_once):
            total = await visit(page[start : start + at_once], total)
            if clock.now() >= deadline:
                return total, False
        if place is None:
            return total, True
