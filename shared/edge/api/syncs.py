"""/sync/*: trigger, start, pause, look at, and pace the syncs (API 5)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from shared.actions.projections import projections
from shared.domain.connect.connection import Connection, ConnectionStatus, SyncSettings
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.connect.scopes import missing, reads
from shared.domain.ids import ConnectionId
from shared.domain.models.state import state_id
from shared.domain.models.sync import LONGEST, SHORTEST, Derived, OwnSync, OwnSyncs
from shared.domain.sync.alias import SyncAlias
from shared.domain.sync.event import SYNC_NAME
from shared.domain.sync.frequency import frequency_from, in_words
from shared.domain.sync.status import set_aside
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
from shared.errors import (
    InvalidRequestError,
    MissingScopeError,
    NotGrantedError,
    UnknownConnectionError,
)
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
    alias = call.use(SyncAlias)
    names = [(own_sync if body.reset else known_sync)(name, own, alias) for name in body.names]
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
    names = call.query(StatusQuery).names(call.use(OwnSyncs), call.use(SyncAlias))
    views = [
        view async for connection in _connections(call) for view in await _views(call, connection)
    ]
    shown = [one for one in views if names is None or one.name in names]
    key = {"provider_config_key": call.use(IntegrationNames).first_alias}
    return SyncsStatus(syncs=[one.model_copy(update=key) for one in shown])


async def update_frequency(call: Call) -> FrequencyAnswer:
    """Change how often a connection that hears nothing is asked."""
    body = call.body(FrequencyBody)
    own = call.use(OwnSyncs)
    name = own_sync(body.sync_name, own, call.use(SyncAlias))
    connection = (await call.connection()).value
    id = connection.id
    if (row := own.get(name)) is not None:
        _require_granted(connection, [row], mailbox=False, named=True)
        every = _own_frequency(row, body.frequency) if body.frequency else None
        await call.use(ControlModels).set_frequency(id, name, every)
        told = every or row.frequency
        return FrequencyAnswer(frequency=in_words(told) if told else "on demand")
    _require_granted(connection, [], mailbox=True, named=True)
    frequency = frequency_from(body.frequency) if body.frequency else SyncSettings().frequency
    await call.use(ChangeConnection)(
        id, lambda was: replace(was, sync=replace(was.sync, frequency=frequency))
    )
    await call.use(ControlSync).set_frequency(id, frequency)
    return FrequencyAnswer(frequency=in_words(frequency))


def _own_frequency(row: OwnSync, asked: str) -> timedelta:
    """Read the frequency. Raises InvalidRequestError, also for a sync that only follows mail."""
    if isinstance(row, Derived):
        raise InvalidRequestError(
            f"{row.name} has no frequency: it follows {SYNC_NAME}.", code="derived_sync"
        )
    return frequency_from(asked, SHORTEST, LONGEST)


async def _views(call: Call, connection: Connection) -> list[SyncView]:
    """Return the entries of one connection: its mailbox, projections and own syncs."""
    now, found = call.use(Clock).now(), await call.use(SyncStates).get(connection.id)
    mail = None if found is None else found.value
    views: list[SyncView] = []
    if mail is not None:
        aside = set_aside(await entries_of(call.use(Quarantine), mail))
        whole = sync_view(mail, now, connection, aside)
        alias = call.use(SyncAlias)
        made = projections(alias).values()
        views = [whole, *(projection_view(whole, one, alias) for one in made)]
    for row in call.use(OwnSyncs).rows:
        own = await call.use(ModelSyncs).get(state_id(connection.id, row.name))
        views += [] if own is None else [own_sync_view(row, own.value, mail, now)]
    return views


def _own_names(call: Call) -> list[str]:
    own, alias = call.use(OwnSyncs), call.use(SyncAlias)
    return [own_sync(name, own, alias) for name in call.body(SyncsBody).names]


async def _each(call: Call, names: Sequence[str], mail: Work, model: NamedWork) -> Success:
    """Do the work of each sync named, all if none, for the connection named or for every one."""
    rows = [one for one in call.use(OwnSyncs).rows if not names or one.name in names]
    mailbox = not names or bool({*names} - {one.name for one in rows})

    async def work(connection: Connection) -> None:
        if mailbox and reads(connection.scopes):
            await mail(connection.id)
        for row in rows:
            if not missing(row.scopes, connection.scopes):
                await model(connection.id, row.name)

    async for connection in _connections(call):
        if call.connection_id is not None:
            _require_granted(connection, rows, mailbox=mailbox, named=bool(names))
        await _tolerant(work, connection, strict=call.connection_id is not None)
    return Success()


def _require_granted(
    connection: Connection, rows: Sequence[OwnSync], *, mailbox: bool, named: bool
) -> None:
    """Raise MissingScopeError for a sync that was named, NotGrantedError for the mailbox.

    Without names, an own sync that lacks a scope is passed over: it was not asked for.
    """
    if mailbox and not reads(connection.scopes):
        raise NotGrantedError
    for row in rows if named else ():
        if lacking := missing(row.scopes, connection.scopes):
            text = f"{row.name} needs the scope {lacking[0]}, which the end user did not grant."
            raise MissingScopeError(text, scope=lacking[0])


async def _tolerant(
    work: Callable[[Connection], Awaitable[None]], connection: Connection, *, strict: bool
) -> None:
    """Pass over a connection that left meanwhile, unless it was named."""
    try:
        await work(connection)
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
            served = reads(connection.scopes) or call.use(OwnSyncs).rows
            if not gone and served and call.caller.sees(connection.id):
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
