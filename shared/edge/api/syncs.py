"""/sync/*: trigger, start, pause, look at, and pace the syncs (API 5)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from shared.actions.projections import projections
from shared.domain.connect.connection import Connection, ConnectionStatus, SyncSettings
from shared.domain.connect.scopes import reads
from shared.domain.ids import ConnectionId
from shared.domain.models.state import state_id
from shared.domain.models.sync import OwnSyncs
from shared.domain.sync.frequency import frequency_from, in_words
from shared.domain.sync.standing import set_aside
from shared.edge.api.mail.own_sync_view import own_sync_view
from shared.edge.api.mail.sync_models import (
    FrequencyAnswer,
    FrequencyBody,
    StatusQuery,
    SyncsBody,
    TriggerBody,
    known_sync,
    own_sync,
)
from shared.edge.api.mail.sync_view import (
    SyncsStatus,
    SyncView,
    projection_view,
    sync_view,
)
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, Route, Success, Tenant
from shared.errors import UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.model_store import ModelSyncs
from shared.ports.sync_store import Quarantine, SyncStates, entries_of
from shared.usecases.connect.update_connection import ChangeConnection
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.models.control import ControlModels

PAGE = 100
Work = Callable[[ConnectionId], Awaitable[None]]
NamedWork = Callable[[ConnectionId, str], Awaitable[None]]


async def trigger_sync(call: Call) -> Success:
    """Read history now, or with `reset` the whole window again; sequence numbers go on.

    `emptyCache` first ends every record: each becomes a tombstone (`reason: emptied`), and what is
    still in the mailbox comes back under a new cursor.
    """
    body = call.body(TriggerBody)
    own = call.use(OwnSyncs)
    names = [(own_sync if body.reset else known_sync)(name, own) for name in body.names]
    control, models = call.use(ControlSync), call.use(ControlModels)
    return await _each(
        call,
        names,
        lambda id: control.trigger(id, reset=body.reset, empty_cache=body.empties),
        lambda id, name: models.trigger(id, name, reset=body.reset, empty=body.empties),
    )


async def start_sync(call: Call) -> Success:
    """Sync again after a pause, from where it was."""
    names = _own_names(call)
    return await _each(call, names, call.use(ControlSync).start, call.use(ControlModels).start)


async def pause_sync(call: Call) -> Success:
    """Stop syncing until started."""
    names = _own_names(call)
    return await _each(call, names, call.use(ControlSync).pause, call.use(ControlModels).pause)


async def sync_status(call: Call) -> SyncsStatus:
    """Return what each sync is doing, how far a backfill is, and how it ended last."""
    names = call.query(StatusQuery).names(call.use(OwnSyncs))
    views = [
        view async for connection in _connections(call) for view in await _views(call, connection)
    ]
    return SyncsStatus(syncs=[one for one in views if names is None or one.name in names])


async def update_frequency(call: Call) -> FrequencyAnswer:
    """Change how often a connection that hears nothing is asked."""
    body = call.body(FrequencyBody)
    name = own_sync(body.sync_name, own := call.use(OwnSyncs))
    id = (await call.reading_connection()).id
    if (row := own.get(name)) is not None:
        every = frequency_from(body.frequency) if body.frequency else None
        await call.use(ControlModels).set_frequency(id, name, every)
        told = every or row.frequency
        return FrequencyAnswer(frequency=in_words(told) if told else "on demand")
    frequency = frequency_from(body.frequency) if body.frequency else SyncSettings().frequency
    await call.use(ChangeConnection)(
        id, lambda was: replace(was, sync=replace(was.sync, frequency=frequency))
    )
    await call.use(ControlSync).set_frequency(id, frequency)
    return FrequencyAnswer(frequency=in_words(frequency))


async def _views(call: Call, connection: Connection) -> list[SyncView]:
    """Return the entries of one connection: its mailbox, projections and own syncs."""
    now, found = call.use(Clock).now(), await call.use(SyncStates).get(connection.id)
    mail = None if found is None else found.value
    views: list[SyncView] = []
    if mail is not None:
        aside = set_aside(await entries_of(call.use(Quarantine), mail))
        whole = sync_view(mail, now, connection, aside)
        views = [whole, *(projection_view(whole, one) for one in projections().values())]
    for row in call.use(OwnSyncs).rows:
        own = await call.use(ModelSyncs).get(state_id(connection.id, row.name))
        views += [] if own is None else [own_sync_view(row, own.value, mail, now)]
    return views


def _own_names(call: Call) -> list[str]:
    own = call.use(OwnSyncs)
    return [own_sync(name, own) for name in call.body(SyncsBody).names]


async def _each(call: Call, names: Sequence[str], mail: Work, model: NamedWork) -> Success:
    """Do the work of each sync named, all if none, for the connection named or for every one.

    Raises NotGrantedError where the one named only sends.
    """
    if call.connection_id is not None:
        await call.reading_connection()
    own = [one.name for one in call.use(OwnSyncs).rows if not names or one.name in names]

    async def work(id: ConnectionId) -> None:
        if not names or {*names} - {*own}:
            await mail(id)
        for name in own:
            await model(id, name)

    async for connection in _connections(call):
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
