"""The overview: what wants attention, and charts of how the mailboxes are doing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.events.event import EventState
from shared.domain.keys.approval import ApprovalState
from shared.domain.operation import OperationState, OperationType
from shared.domain.send.entry import SendState
from shared.edge.console.layout.charts import Figures, figures
from shared.edge.console.layout.pages import ConsoleRequest, page
from shared.ports.access import Approvals
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.events import Operations, Outbox
from shared.ports.sends import Sends

PATH: Final = "/console/overview"
MOST: Final = 300
"""Operations read for a chart, however many there are."""
COUNTED: Final = 50
"""What wants attention is counted up to here: more is `50+`."""
REACHES: Final[Mapping[str, tuple[str, timedelta]]] = {
    "1h": ("1 hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
}
USUAL: Final = "24h"


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that should be zero, where it leads, and how bad it is otherwise."""

    label: str
    path: str
    found: int
    tone: str

    @property
    def text(self) -> str:
        """The number in words."""
        return f"{COUNTED}+" if self.found > COUNTED else str(self.found)


async def show_overview(console: ConsoleRequest) -> Response:
    """Return the overview; everything it reads is bounded."""
    chosen = console.query("reach") if console.query("reach") in REACHES else USUAL
    tiles, drawn = await asyncio.gather(_tiles(console), _figures(console, REACHES[chosen][1]))
    return console.page(
        "overview.html",
        title="Overview",
        nav="overview",
        tiles=tiles,
        figures=drawn,
        reaches=[(name, label) for name, (label, _) in REACHES.items()],
        chosen=chosen,
        most=MOST,
    )


async def _figures(console: ConsoleRequest, reach: timedelta) -> Figures:
    operations = console.use(Operations)
    runs, failures = await asyncio.gather(
        operations.list(connection_id=None, type=OperationType.SYNC, state=None, limit=MOST),
        operations.list(connection_id=None, type=None, state=OperationState.FAILED, limit=MOST),
    )
    return figures(runs, failures, now=console.now, reach=reach, most=MOST)


async def _tiles(console: ConsoleRequest) -> list[Tile]:
    most = COUNTED + 1
    reauth = ConnectionQuery(status=ConnectionStatus.REAUTH_REQUIRED, limit=most)
    lost, dead, pending, unknown, waiting = await asyncio.gather(
        console.use(Connections).find(reauth),
        console.use(Outbox).list(state=EventState.DEAD, connection_id=None, limit=most),
        console.use(Outbox).list(state=EventState.PENDING, connection_id=None, limit=most),
        console.use(Sends).list(None, most, state=SendState.UNKNOWN),
        console.use(Approvals).list(connection_id=None, state=ApprovalState.PENDING, limit=most),
    )
    return [
        Tile("must connect again", "/console/connections?status=reauth_required", len(lost), "bad"),
        Tile("dead deliveries", "/console/deliveries?state=dead", len(dead), "bad"),
        Tile("unknown sends", "/console/sends?state=unknown", len(unknown), "warm"),
        Tile("waiting for approval", "/console/approvals", len(waiting), "warm"),
        Tile("deliveries under way", "/console/deliveries?state=pending", len(pending), "calm"),
    ]


ROUTES = (page(PATH, show_overview, "Overview"),)
