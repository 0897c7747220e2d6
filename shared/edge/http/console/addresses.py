"""What people call a connection: its address, where pages show lists of something else."""

import asyncio
from collections.abc import Iterable, Mapping

from shared.domain.ids import ConnectionId
from shared.edge.http.console.frame import Visit


async def addresses_of(visit: Visit, ids: Iterable[ConnectionId]) -> Mapping[ConnectionId, str]:
    """Answer the address of each connection that is still there: one read for each."""
    found = await asyncio.gather(*(visit.wiring.connections.get(id) for id in {*ids}))
    return {one.value.id: one.value.email for one in found if one is not None}
