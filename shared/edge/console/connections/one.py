"""One connection: is it current, what was done for it, what is set aside."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from starlette.responses import Response

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import KNOWN, MAIL, reads
from shared.domain.ids import ConnectionId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.domain.sync.status import failure, set_aside
from shared.edge.api.mail.sync_view import failure_view, sync_view
from shared.edge.console.connections.listing import row_of
from shared.edge.console.connections.own_syncs import own_sync_rows
from shared.edge.console.layout.pages import ConsoleRequest, page
from shared.edge.console.layout.paging import find_connection_id, offered_connections
from shared.edge.settings.deployment import Settings
from shared.edge.web.reading import connection_id
from shared.ports.events import Operations
from shared.ports.sync_store import Quarantine, entries_of

A_PAGE = 25
QUARANTINE = 50
MOST_SHOWN = (50, 200, 1_000)
"""How many operations a page of the log shows, as often as more are asked for."""
A_MINUTE = timedelta(minutes=1)
MOST_UNITS_RUNS = 50
NOTICES = {
    "pause": "The sync is paused. Nothing is lost: it goes on from here when you start it.",
    "start": "The sync goes on from where it was.",
    "trigger": "The mailbox is being read now.",
    "reset": "The whole window is being read again; records keep their sequence numbers.",
    "audit": "The whole window is being compared with the records, and what differs is healed.",
    "retry": "The message is being fetched again.",
    "window": "The window was changed and is being read.",
    "pause-own": "The sync is paused; the mailbox and the other syncs go on.",
    "start-own": "The sync goes on from where it was.",
    "trigger-own": "The sync runs now.",
    "reset-own": "The sync runs from its beginning; what is equal keeps its sequence number.",
}


async def show_connection(console: ConsoleRequest) -> Response:
    """Return the connection; its state and log stay current without a reload."""
    connection = await path_connection(console)
    row = await row_of(console, connection, console.now)
    recent = await console.use(Operations).list(
        connection_id=connection.id, type=None, state=None, limit=MOST_UNITS_RUNS
    )
    entries = await entries_of(console.use(Quarantine), row.state) if row.state else ()
    return console.page(
        "connection.html",
        title=connection.email,
        nav="connections",
        notices=NOTICES,
        row=row,
        connection=connection,
        scopes=sorted(_short(one) for one in connection.scopes if one in KNOWN),
        reads=reads(connection.scopes),
        sync=sync_view(row.state, console.now, connection, set_aside(entries))
        if row.state
        else None,
        own_syncs=await own_sync_rows(console, connection, row.state),
        quarantine=entries[:QUARANTINE],
        wrong=failure_view(failure(connection, row.state)),
        operations=recent[:A_PAGE],
        more=len(recent) > A_PAGE,
        units=units_lately(recent, console.now),
        units_per_minute=console.use(Settings).units_per_minute,
        asked_message=console.query("message"),
    )


async def show_operations(console: ConsoleRequest) -> Response:
    """Return the operations log, of one connection or all, newest first."""
    named, kind, state = (console.query(name) for name in ("connection", "type", "state"))
    most = next((one for one in MOST_SHOWN if str(one) == console.query("show")), MOST_SHOWN[0])
    found = await console.use(Operations).list(
        connection_id=await find_connection_id(console, named),
        type=OperationType(kind) if kind in set(OperationType) else None,
        state=OperationState(state) if state in set(OperationState) else None,
        limit=most + 1,
    )
    return console.page(
        "operations.html",
        title="Operations",
        nav="operations",
        operations=found[:most],
        more=next((one for one in MOST_SHOWN if one > most), None) if len(found) > most else None,
        types=list(OperationType),
        states=list(OperationState),
        offered=await offered_connections(console),
        asked={"connection": named, "type": kind, "state": state},
    )


async def path_connection(console: ConsoleRequest) -> Connection:
    """Return the connection of the path. Raises UnknownConnectionError."""
    return (await console.call.any_connection(path_connection_id(console))).value


def path_connection_id(console: ConsoleRequest) -> ConnectionId:
    """Return the id in the path. Raises UnknownConnectionError for one that cannot exist."""
    return connection_id(console.path("connection_id"))


def _short(scope: str) -> str:
    return "mail.google.com" if scope == MAIL else scope.rpartition("/")[2]


def units_lately(operations: Iterable[Operation], now: datetime) -> int:
    """Return the quota units that the runs of the last minute spent, as far as logged."""
    lately = (one for one in operations if one.finished_at > now - A_MINUTE)
    return sum(int(one.detail.get("units", 0)) for one in lately)


ROUTES = (
    page("/console/connections/{connection_id}", show_connection, "A connection"),
    page("/console/operations", show_operations, "The operations log"),
)
