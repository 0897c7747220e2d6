"""/sync/*: trigger, start, pause, look at, and pace the syncs (API 5)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from shared.actions.projections import projections
from shared.domain.connect.connection import Connection, ConnectionStatus, SyncSettings
from shared.domain.connect.scopes import reads
from shared.domain.ids import ConnectionId
from shared.domain.sync.frequency import frequency_from, in_words
from shared.edge.api.mail.sync_models import (
    FrequencyAnswer,
    FrequencyBody,
    StatusQuery,
    SyncsBody,
    SyncsStatus,
    SyncView,
    TriggerBody,
    known_sync,
    own_sync,
    projection_view,
    set_aside_of,
    sync_view,
)
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, Route, Success, Tenant
from shared.errors import MissingScopeError, UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.sync_store import Quarantine, SyncStates
from shared.usecases.connect.update_connection import ChangeConnection
from shared.usecases.sync.control import ControlSync

PAGE = 100
Work = Callable[[ConnectionId], Awaitable[None]]


async def trigger_sync(call: Call) -> Success:
    """Read history now, or with `reset` the whole window again; sequence numbers go on.

    `emptyCache` first ends every record: each becomes a tombstone (`reason: emptied`), and what is
    still in the mailbox comes back under a new cursor.
    """
    body = call.body(TriggerBody)
    check = own_sync if body.reset else known_sync
    for name in body.names:
        check(name)
    control = call.use(ControlSync)
    return await _each(
        call, lambda id: control.trigger(id, reset=body.reset, empty_cache=body.empties)
    )


async def start_sync(call: Call) -> Success:
    """Sync again after a pause, from where it was."""
    _require_own(call.body(SyncsBody))
    return await _each(call, call.use(ControlSync).start)


async def pause_sync(call: Call) -> Success:
    """Stop syncing until started."""
    _require_own(call.body(SyncsBody))
    return await _each(call, call.use(ControlSync).pause)


async def sync_status(call: Call) -> SyncsStatus:
    """Return what each sync is doing, how far a backfill is, and how it ended last."""
    names = call.query(StatusQuery).names
    shown = [
        view async for connection in _connections(call) for view in await _views(call, connection)
    ]
    return SyncsStatus(syncs=[view for view in shown if names is None or view.name in names])


async def _views(call: Call, connection: Connection) -> Sequence[SyncView]:
    """Return the entries of one connection: its sync, and what is made of the records."""
    found = await call.use(SyncStates).get(connection.id)
    if found is None:
        return ()
    aside = await set_aside_of(call.use(Quarantine), found.value)
    view = sync_view(found.value, call.use(Clock).now(), connection, aside)
    return (view, *(projection_view(view, one) for one in projections().values()))


async def update_frequency(call: Call) -> FrequencyAnswer:
    """Change how often a connection that hears nothing is asked."""
    body = call.body(FrequencyBody)
    own_sync(body.sync_name)
    id = (await call.connection()).value.id
    frequency = frequency_from(body.frequency) if body.frequency else SyncSettings().frequency
    await call.use(ChangeConnection)(
        id, lambda was: replace(was, sync=replace(was.sync, frequency=frequency))
    )
    await call.use(ControlSync).set_frequency(id, frequency)
    return FrequencyAnswer(frequency=in_words(frequency))


def _require_own(body: SyncsBody) -> None:
    for name in body.names:
        own_sync(name)


async def _each(call: Call, work: Work) -> Success:
    """Do the work for the connection named, or for every one that syncs."""
    async for connection in _connections(call):
        if call.connection_id is not None and not reads(connection.scopes):
            raise MissingScopeError(
                "This connection may send but not read, so it has no sync.", scope="gmail.readonly"
            )
        await _tolerant(work, connection.id, strict=call.connection_id is not None)
    return Success()


async def _tolerant(work: Work, id: ConnectionId, *, strict: bool) -> None:
    """Pass over a connection that left meanwhile, unless it was named."""
    try:
        await work(id)
    except UnknownConnectionError:
        if strict:
            raise


async def _connections(call: Call) -> AsyncIterator[Connection]:
    if call.connection_id is not None:
        yield (await call.connection()).value
        return
    page = 0
    while found := await call.use(Connections).find(ConnectionQuery(limit=PAGE, page=page)):
        for connection in found:
            gone = connection.status is ConnectionStatus.DISCONNECTING
            if not gone and reads(connection.scopes) and call.caller.sees(connection.id):
                yield connection
        page += 1


ROUTES = (
    Route(
        "POST",
        "/sync/trigger",
        Permission.SYNCS_WRITE,
        trigger_sync,
        "Sync now",
        body=TriggerBody,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "POST",
        "/sync/start",
        Permission.SYNCS_WRITE,
        start_sync,
        "Start syncing again",
        body=SyncsBody,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "POST",
        "/sync/pause",
        Permission.SYNCS_WRITE,
        pause_sync,
        "Pause syncing",
        body=SyncsBody,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "GET",
        "/sync/status",
        Permission.SYNCS_READ,
        sync_status,
        "What the syncs are doing",
        query=StatusQuery,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "PUT",
        "/sync/update-connection-frequency",
        Permission.SYNCS_WRITE,
        update_frequency,
        "Change how often a quiet connection is asked",
        body=FrequencyBody,
        tenant=Tenant.REQUIRED,
    ),
)
