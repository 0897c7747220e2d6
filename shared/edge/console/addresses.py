"""What people call a connection: its address, where pages are about something else."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.domain.connect.connection import Connection
from shared.domain.ids import ConnectionId
from shared.edge.console.pages import ConsoleRequest
from shared.edge.web.reading import CONNECTION_ID
from shared.ports.connections import ConnectionQuery, Connections

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
