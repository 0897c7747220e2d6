"""Pages of a log, newest first: each goes on exactly where the one before ended."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

PAGE_SIZE = 50
OF_ONE_MOMENT = 30
"""Entries of the very moment at which a page ended that the next one may meet again."""


class LogEntry(Protocol):
    """An entry with an id and the time that orders it."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def created_at(self) -> datetime: ...  # noqa: D102


L = TypeVar("L", bound=LogEntry)


@dataclass(frozen=True, slots=True)
class LogPage(Generic[L]):
    """A page; `older` is the place of the next one, None at the end."""

    entries: Sequence[L]
    older: str | None


async def paginate(
    fetch: Callable[[datetime | None, int], Awaitable[Sequence[L]]], place: str
) -> LogPage[L]:
    """Return the page at `place`, as `older` named it; any other text is the first page.

    `listed` answers at most so many entries created up to a moment, newest first.
    """
    after = _decode(place)
    limit = PAGE_SIZE + 1 + (OF_ONE_MOMENT if after else 0)
    found = await fetch(after[0] if after else None, limit)
    rest = [one for one in found if after is None or (one.created_at, one.id) < after]
    entries = rest[:PAGE_SIZE]
    return LogPage(entries, _encode(entries[-1]) if len(rest) > PAGE_SIZE else None)


def _encode(last: LogEntry) -> str:
    return f"{last.created_at.isoformat()}~{last.id}"


def _decode(place: str) -> tuple[datetime, str] | None:
    at, _, id = place.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, id) if moment.tzinfo is not None and id else None
