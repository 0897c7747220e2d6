"""What an operator does to a connection."""

from dataclasses import replace

from starlette.responses import Response

from shared.domain.connect.scopes import reads
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync.window import window_start
from shared.edge.console.connection import named, named_id
from shared.edge.console.pages import Visit, change, page
from shared.errors import InvalidRequestError, MissingScopeError
from shared.usecases.connect.disconnect import AcceptDisconnect
from shared.usecases.connect.sessions import CreateConnectSession, SessionRequest
from shared.usecases.connect.update_connection import ChangeConnection, ChangeWindow
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.quarantine import RetryQuarantined

ONE = "/console/connections/{connection_id}"
SEND_ONLY = "This connection may send but not read, so it has no sync."


async def pause(visit: Visit) -> Response:
    """Stop syncing until started."""
    await visit.use(ControlSync).pause(await _synced(visit))
    return back(visit, "pause")


async def start(visit: Visit) -> Response:
    """Sync again after a pause."""
    await visit.use(ControlSync).start(await _synced(visit))
    return back(visit, "start")


async def trigger(visit: Visit) -> Response:
    """Read history now, or with `reset` the whole window again."""
    reset = visit.field("reset") == "1"
    await visit.use(ControlSync).trigger(await _synced(visit), reset=reset)
    return back(visit, "reset" if reset else "trigger")


async def audit(visit: Visit) -> Response:
    """Compare the whole window with the records, and heal."""
    await visit.use(ControlSync).audit(await _synced(visit))
    return back(visit, "audit")


async def retry(visit: Visit) -> Response:
    """Fetch a message in quarantine again, now."""
    message_id = MessageId(visit.path("message_id"))
    await visit.use(RetryQuarantined)(named_id(visit), message_id)
    return back(visit, "retry")


async def change_window(visit: Visit) -> Response:
    """Keep more or less of the mailbox."""
    id, window = await _synced(visit), visit.field("window").strip()
    window_start(window, visit.now)
    await visit.use(ChangeConnection)(
        id, lambda was: replace(was, sync=replace(was.sync, window=window))
    )
    await visit.use(ChangeWindow)(id, window)
    return back(visit, "window")


async def open_reconnect(visit: Visit) -> Response:
    """Return a link by which the end user consents again, with the same Google account."""
    connection = await named(visit)
    opened = await visit.use(CreateConnectSession)(SessionRequest(reconnect=connection.id))
    return visit.page(
        "reconnect.html",
        title="A link to connect again",
        nav="connections",
        connection=connection,
        link=opened.connect_link,
        expires_at=opened.expires_at,
    )


async def ask_disconnect(visit: Visit) -> Response:
    """Ask whether it is really meant."""
    return visit.page(
        "disconnect.html",
        title="Disconnect",
        nav="connections",
        connection=await named(visit),
    )


async def disconnect(visit: Visit) -> Response:
    """Accept a disconnect whose address was typed."""
    connection = await named(visit)
    if visit.field("email").strip().lower() != connection.email_key:
        raise InvalidRequestError(
            "Nothing was disconnected: the address you typed is not this connection's."
        )
    await visit.use(AcceptDisconnect)(connection.id)
    return visit.go("/console/connections", done="disconnect")


def back(visit: Visit, done: str) -> Response:
    """Return the way back to where the button was: an explanation, or the connection."""
    path = f"/console/connections/{visit.path('connection_id')}"
    if words := visit.field("explained")[:200]:
        return visit.go(f"{path}/explain", done=done, message=words)
    return visit.go(path, done=done)


async def _synced(visit: Visit) -> ConnectionId:
    connection = (await visit.call.connection(named_id(visit))).value
    if not reads(connection.scopes):
        raise MissingScopeError(SEND_ONLY, scope="gmail.readonly")
    return connection.id


ROUTES = (
    change(f"{ONE}/pause", pause, "pause sync"),
    change(f"{ONE}/start", start, "start sync"),
    change(f"{ONE}/trigger", trigger, "trigger sync"),
    change(f"{ONE}/audit", audit, "audit"),
    change(f"{ONE}/window", change_window, "change window"),
    change(f"{ONE}/quarantine/{{message_id}}/retry", retry, "retry quarantined"),
    change(f"{ONE}/reconnect", open_reconnect, "open reconnect link"),
    page(f"{ONE}/disconnect", ask_disconnect, "Ask before disconnecting"),
    change(f"{ONE}/disconnect", disconnect, "disconnect"),
)
