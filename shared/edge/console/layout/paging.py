"""Pages of a log, newest first, each from where the one before ended; connections by address."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar

from shared.domain.connect.connection import Connection
from shared.domain.ids import ConnectionId
from shared.domain.validation import within_reach
from shared.edge.console.layout.pages import ConsoleRequest
from shared.edge.web.reading import CONNECTION_ID
from shared.ports.connections import ConnectionQuery, Connections

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
    return (within_reach(moment), id) if moment.tzinfo is not None and id else None


OFFERED: Final = 100
"""Connections that a page offers; any other is named by its id or the beginning of its address."""


async def addresses_of(
    console: ConsoleRequest, ids: Iterable[ConnectionId]
) -> Mapping[ConnectionId, str]:
    """Return the address of each connection that is still there: one read for each."""
    found = await asyncio.gather(*(console.use(Connections).get(id) for id in {*ids}))
    return {one.value.id: one.value.email for one in found if one is not None}


async def find_connection(console: ConsoleRequest, text: str) -> Connection | None:
    """Return the connection of an id, or the only one whose address begins so."""
    connections = console.use(Connections)
    one = await connections.get(ConnectionId(text)) if CONNECTION_ID.fullmatch(text) else None
    if one is not None:
        return one.value
    found = await connections.find(ConnectionQuery(search=text.lower(), limit=2)) if text else ()
    return found[0] if len(found) == 1 else None


async def find_connection_id(console: ConsoleRequest, text: str) -> ConnectionId | None:
    """Return the id to filter by: what is no address we know may be one that is gone."""
    found = await find_connection(console, text)
    return found.id if found else ConnectionId(text) or None


async def offered_connections(console: ConsoleRequest) -> Sequence[Connection]:
    """Return the newest connections, to pick from."""
    return await console.use(Connections).find(ConnectionQuery(limit=OFFERED))


def picked_connections(console: ConsoleRequest) -> Sequence[str]:
    """Return the ids that a form's `connections` name, picked or typed; empty is none."""
    return " ".join(console.fields("connections")).replace(",", " ").split()
