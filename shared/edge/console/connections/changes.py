"""What an operator does to a connection."""

from dataclasses import replace

from starlette.responses import Response

from shared.domain.connect.scopes import missing, reads
from shared.domain.ids import ConnectionId, MessageId, email_key
from shared.domain.models.sync import OwnSyncs
from shared.domain.sync.event import UnknownSyncError
from shared.domain.sync.selection import window_start
from shared.edge.console.connections.one import path_connection, path_connection_id
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.errors import InvalidRequestError, MissingScopeError, NotGrantedError
from shared.usecases.connect.consent.sessions import CreateConnectSession, SessionRequest
from shared.usecases.connect.disconnect import AcceptDisconnect
from shared.usecases.connect.update_connection import ChangeConnection, ChangeWindow
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.models.control import ControlModels
from shared.usecases.sync.quarantine import RetryQuarantined

ONE = "/console/connections/{connection_id}"


async def pause(console: ConsoleRequest) -> Response:
    """Stop syncing until started."""
    await console.use(ControlSync).pause(await _syncing_id(console))
    return back(console, "pause")


async def start(console: ConsoleRequest) -> Response:
    """Sync again after a pause."""
    await console.use(ControlSync).start(await _syncing_id(console))
    return back(console, "start")


async def trigger(console: ConsoleRequest) -> Response:
    """Read history now, or with `reset` the whole window again."""
    reset = console.field("reset") == "1"
    await console.use(ControlSync).trigger(await _syncing_id(console), reset=reset)
    return back(console, "reset" if reset else "trigger")


async def audit(console: ConsoleRequest) -> Response:
    """Compare the whole window with the records, and heal."""
    await console.use(ControlSync).audit(await _syncing_id(console))
    return back(console, "audit")


async def pause_own(console: ConsoleRequest) -> Response:
    """Stop one own sync until started; mail goes on."""
    await console.use(ControlModels).pause(*await _own_sync(console))
    return back(console, "pause-own")


async def start_own(console: ConsoleRequest) -> Response:
    """Run one own sync again."""
    await console.use(ControlModels).start(*await _own_sync(console))
    return back(console, "start-own")


async def trigger_own(console: ConsoleRequest) -> Response:
    """Run one own sync now, or with `reset` from its beginning."""
    reset = console.field("reset") == "1"
    await console.use(ControlModels).trigger(*await _own_sync(console), reset=reset)
    return back(console, "reset-own" if reset else "trigger-own")


async def retry(console: ConsoleRequest) -> Response:
    """Fetch a message in quarantine again, now."""
    message_id = MessageId(console.path("message_id"))
    await console.use(RetryQuarantined)(path_connection_id(console), message_id)
    return back(console, "retry")


async def change_window(console: ConsoleRequest) -> Response:
    """Keep more or less of the mailbox."""
    id, window = await _syncing_id(console), console.field("window").strip()
    window_start(window, console.now)
    await console.use(ChangeConnection)(
        id, lambda was: replace(was, sync=replace(was.sync, window=window))
    )
    await console.use(ChangeWindow)(id, window)
    return back(console, "window")


async def open_reconnect(console: ConsoleRequest) -> Response:
    """Return a link by which the end user consents again, with the same Google account."""
    connection = await path_connection(console)
    opened = await console.use(CreateConnectSession)(SessionRequest(reconnect=connection.id))
    return console.page(
        "reconnect.html",
        title="A link to connect again",
        nav="connections",
        connection=connection,
        link=opened.connect_link,
        expires_at=opened.expires_at,
    )


async def ask_disconnect(console: ConsoleRequest) -> Response:
    """Ask whether it is really meant."""
    return console.page(
        "disconnect.html",
        title="Disconnect",
        nav="connections",
        connection=await path_connection(console),
    )


async def disconnect(console: ConsoleRequest) -> Response:
    """Accept a disconnect whose address was typed."""
    connection = await path_connection(console)
    if email_key(console.field("email")) != connection.email_key:
        raise InvalidRequestError(
            "Nothing was disconnected: the address you typed is not this connection's."
        )
    await console.use(AcceptDisconnect)(connection.id)
    return console.go("/console/connections", done="disconnect")


def back(console: ConsoleRequest, done: str) -> Response:
    """Return the way back to where the button was: an explanation, or the connection."""
    path = f"/console/connections/{console.path('connection_id')}"
    if words := console.field("explained")[:200]:
        return console.go(f"{path}/explain", done=done, message=words)
    return console.go(path, done=done)


async def _syncing_id(console: ConsoleRequest) -> ConnectionId:
    connection = (await console.call.connection(path_connection_id(console))).value
    if not reads(connection.scopes):
        raise NotGrantedError
    return connection.id


async def _own_sync(console: ConsoleRequest) -> tuple[ConnectionId, str]:
    """Return the connection and the sync. Raises UnknownSyncError, MissingScopeError."""
    connection = (await console.call.connection(path_connection_id(console))).value
    row = console.use(OwnSyncs).get(console.path("sync"))
    if row is None:
        raise UnknownSyncError("There is no own sync of that name.")
    if lacking := missing(row.scopes, connection.scopes):
        text = f"{row.name} needs the scope {lacking[0]}, which the end user did not grant."
        raise MissingScopeError(text, scope=lacking[0])
    return connection.id, row.name


ROUTES = (
    change(f"{ONE}/pause", pause, "pause sync"),
    change(f"{ONE}/start", start, "start sync"),
    change(f"{ONE}/trigger", trigger, "trigger sync"),
    change(f"{ONE}/audit", audit, "audit"),
    change(f"{ONE}/syncs/{{sync}}/pause", pause_own, "pause own sync"),
    change(f"{ONE}/syncs/{{sync}}/start", start_own, "start own sync"),
    change(f"{ONE}/syncs/{{sync}}/trigger", trigger_own, "trigger own sync"),
    change(f"{ONE}/window", change_window, "change window"),
    change(f"{ONE}/quarantine/{{message_id}}/retry", retry, "retry quarantined"),
    change(f"{ONE}/reconnect", open_reconnect, "open reconnect link"),
    page(f"{ONE}/disconnect", ask_disconnect, "Ask before disconnecting"),
    change(f"{ONE}/disconnect", disconnect, "disconnect"),
)
