"""The connections: who is connected, and whether each mailbox is current."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.cursor import page_token_of, place_of
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import SyncState
from shared.edge.console.connections.health import ConnectionHealth, health_of, lag
from shared.edge.console.layout.pages import ConsoleRequest, page
from shared.errors import InvalidRequestError
from shared.ports.connections import ConnectionQuery, Connections, Mailboxes
from shared.ports.sync_store import SyncStates

A_PAGE = 25
LIST = ConnectionId("console-connections")
"""What the places in this listing are bound to."""
NOTICES = {"disconnect": "The connection is being disconnected; its mail is being deleted."}


@dataclass(frozen=True, slots=True)
class Row:
    """One connection in the list."""

    connection: Connection
    state: SyncState | None
    mailbox: Mailbox | None
    health: ConnectionHealth
    lag: timedelta | None

    @property
    def coverage(self) -> float | None:
        """The share that the last finished audit found stored rightly."""
        audit = self.state.audit if self.state else None
        return audit.coverage if audit and audit.finished_at else None


async def show_connections(console: ConsoleRequest) -> Response:
    """Return a page of the list, found by indexes however many connections there are."""
    query = query_of(console)
    found = await console.use(Connections).find(query)
    shown = found[:A_PAGE]
    rows = await asyncio.gather(*(row_of(console, one, console.now) for one in shown))
    asked = {
        name: console.query(name) for name in ("search", "status", "tags") if console.query(name)
    }
    return console.page(
        "connections.html",
        title="Connections",
        nav="connections",
        notices=NOTICES,
        rows=rows,
        asked=asked,
        statuses=list(ConnectionStatus),
        following=place_after(shown) if len(found) > A_PAGE else None,
        first=not console.query("after"),
    )


def query_of(console: ConsoleRequest) -> ConnectionQuery:
    """Return the filters; one connection more than is shown tells whether there is more."""
    status = console.query("status")
    return ConnectionQuery(
        search=console.query("search").lower() or None,
        tags=tags_of(console.query("tags")),
        status=ConnectionStatus(status) if status in set(ConnectionStatus) else None,
        limit=A_PAGE + 1,
        after=place_of(LIST, console.query("after")) if console.query("after") else None,
    )


def tags_of(text: str) -> dict[str, str]:
    """Read `team=blue, plan=pro`. Raises InvalidRequestError."""
    pairs = [one.partition("=") for one in text.split(",") if one.strip()]
    if any(not separator or not key.strip() for key, separator, _ in pairs):
        raise InvalidRequestError("Write tags as key=value, several with a comma between them.")
    return {key.strip(): value.strip() for key, _, value in pairs}


def place_after(shown: Sequence[Connection]) -> str:
    """Return the token of the page that follows."""
    last = shown[-1]
    return page_token_of(LIST, last.created_at, MessageId(last.id))


async def row_of(console: ConsoleRequest, connection: Connection, now: datetime) -> Row:
    """Return a connection with what its line says."""
    state, mailbox = await asyncio.gather(
        console.use(SyncStates).get(connection.id),
        console.use(Mailboxes).get(connection.mailbox_id),
    )
    known, box = state.value if state else None, mailbox.value if mailbox else None
    return Row(connection, known, box, health_of(connection, known, box, now), lag(known, box, now))


ROUTES = (page("/console/connections", show_connections, "Connections"),)
