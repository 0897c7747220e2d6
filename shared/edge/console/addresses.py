"""What people call a connection: its address, where pages are about something else."""

import asyncio
from collections.abc import Iterable, Mapping

from shared.domain.connect.connection import Connection
from shared.domain.ids import ConnectionId
from shared.edge.console.pages import Visit
from shared.edge.web.reading import CONNECTION_ID
from shared.ports.connections import ConnectionQuery, Connections


async def addresses_of(visit: Visit, ids: Iterable[ConnectionId]) -> Mapping[ConnectionId, str]:
    """Return the address of each connection that is still there: one read for each."""
    found = await asyncio.gather(*(visit.use(Connections).get(id) for id in {*ids}))
    return {one.value.id: one.value.email for one in found if one is not None}


async def connection_named(visit: Visit, text: str) -> Connection | None:
    """Return the connection of an id, or the only one whose address begins so."""
    connections = visit.use(Connections)
    one = await connections.get(ConnectionId(text)) if CONNECTION_ID.fullmatch(text) else None
    if one is not None:
        return one.value
    found = await connections.find(ConnectionQuery(search=text.lower(), limit=2)) if text else ()
    return found[0] if len(found) == 1 else None


async def id_named(visit: Visit, text: str) -> ConnectionId | None:
    """Return the id to filter by: what is no address we know may be one that is gone."""
    found = await connection_named(visit, text)
    return found.id if found else ConnectionId(text) or None
