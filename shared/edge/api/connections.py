"""/connections: list, look at, change, disconnect (API 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from shared.domain.connect.connection import Connection, ConnectionStatus, SyncSettings
from shared.domain.connect.end_user import end_user_from, tags_from
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.events.addresses import AllowedHosts, checked_url
from shared.domain.ids import ConnectionId
from shared.domain.sync.frequency import frequency_from
from shared.domain.sync.selection import selection, window_start
from shared.edge.api.connection_models import (
    ConnectionDetails,
    ConnectionPatch,
    ConnectionQuery,
    ConnectionsPage,
    ConnectionsQuery,
    ConnectionViews,
    Credentials,
    MetadataBody,
    SyncPatch,
)
from shared.edge.web.answers import json_response
from shared.edge.web.call import Call
from shared.edge.web.reading import connection_id
from shared.edge.web.routes import Permission, Route, Success, Tenant
from shared.errors import GrantRevokedError, ReauthRequiredError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery as Filters
from shared.ports.connections import Connections
from shared.usecases.connect.disconnect import AcceptDisconnect
from shared.usecases.connect.tokens.read_credentials import ReadCredentials
from shared.usecases.connect.update_connection import (
    ChangeConnection,
    ChangeSelection,
    ChangeWindow,
)
from shared.usecases.sync.control import ControlSync


def check_webhook_address(call: Call, url: str | None) -> None:
    """Raise InvalidRequestError where no webhook may go there."""
    if url is not None:
        checked_url(url, call.use(AllowedHosts))


async def list_connections(call: Call) -> ConnectionsPage:
    """Return the matching connections, newest first."""
    asked = call.query(ConnectionsQuery)
    names = call.use(IntegrationNames)
    if asked.integration_id and not any(one in names for one in asked.integration_id.split(",")):
        return ConnectionsPage(connections=[])
    filters = Filters(
        connection_id=asked.connection_id,
        search=asked.search,
        end_user_id=asked.end_user_id,
        end_user_organization_id=asked.end_user_organization_id,
        tags=asked.tags,
        limit=asked.limit,
        page=asked.page,
    )
    found = await _visible_connections(call, filters)
    return ConnectionsPage(connections=await call.use(ConnectionViews).for_listing(found))


async def _visible_connections(call: Call, filters: Filters) -> Sequence[Connection]:
    """Return a page of what the caller may see; a narrow key's own are looked up one by one."""
    if call.caller.connections is None:
        return await call.use(Connections).find(filters)
    own = call.caller.connections
    if filters.connection_id is not None:
        own &= {ConnectionId(filters.connection_id)}
    matching: list[Connection] = []
    for id in own:
        matching += await call.use(Connections).find(
            replace(filters, connection_id=id, limit=1, page=0)
        )
    matching.sort(key=lambda one: (one.created_at, one.id), reverse=True)
    return matching[filters.page * filters.limit :][: filters.limit]


async def get_connection(call: Call) -> ConnectionDetails | Response:
    """Return one connection.

    With the permission connections:credentials it comes with a live access token; where the end
    user must connect again, or a disconnect was accepted, that is 424 invalid_credentials, the
    connection in `payload`.
    """
    connection = (await call.any_connection(_path_id(call))).value
    view = await call.use(ConnectionViews).details(connection)
    if not call.caller.may(Permission.CONNECTIONS_CREDENTIALS):
        return view
    asked = call.query(ConnectionQuery)
    try:
        if connection.status is ConnectionStatus.DISCONNECTING:
            raise GrantRevokedError("This connection is being disconnected.")
        credentials = await call.use(ReadCredentials)(
            connection.id, force_refresh=asked.force_refresh, refresh_token=asked.refresh_token
        )
    except ReauthRequiredError as refused:
        return _invalid_credentials(refused, view)
    return view.model_copy(update={"credentials": Credentials.model_validate(credentials)})


def _invalid_credentials(refused: ReauthRequiredError, view: ConnectionDetails) -> Response:
    error = {"code": "invalid_credentials", "message": str(refused), "payload": view}
    return json_response({"error": error}, 424)


async def patch_connection(call: Call) -> Success:
    """Change tags, end user, webhook address, sync settings or retention."""
    id = (await call.connection(_path_id(call))).value.id
    patch = call.body(ConnectionPatch)
    check_webhook_address(call, patch.webhook_url_override)
    if patch.sync is not None and patch.sync.window is not None:
        window_start(patch.sync.window, call.use(Clock).now())
    before = (await call.connection(id)).value
    after = await call.use(ChangeConnection)(id, lambda was: _apply(was, patch))
    if after.sync.frequency != before.sync.frequency:
        await call.use(ControlSync).set_frequency(id, after.sync.frequency)
    if after.sync.window != before.sync.window:
        await call.use(ChangeWindow)(id, after.sync.window)
    kept = after.sync
    chosen = selection(kept.labels, kept.senders, kept.exclude, kept.headers)
    await call.use(ChangeSelection)(id, chosen)
    return Success()


def _apply(was: Connection, patch: ConnectionPatch) -> Connection:
    tags = dict(was.tags) if patch.tags is None else dict(patch.tags)
    if patch.end_user is not None:
        given = patch.end_user.model_dump()
        tags |= tags_from(given, given["organization"])
    changed = replace(was, tags=tags, end_user=end_user_from(tags))
    if "webhook_url_override" in patch.model_fields_set:
        changed = replace(changed, webhook_url_override=patch.webhook_url_override)
    if patch.retention is not None:
        changed = replace(changed, retention=timedelta(days=int(patch.retention[:-1])))
    return replace(changed, sync=_sync(was.sync, patch.sync))


def _sync(was: SyncSettings, patch: SyncPatch | None) -> SyncSettings:
    if patch is None:
        return was
    return replace(
        was,
        window=patch.window or was.window,
        frequency=frequency_from(patch.frequency) if patch.frequency else was.frequency,
        labels=was.labels if patch.labels is None else tuple(patch.labels),
        senders=was.senders if patch.senders is None else tuple(patch.senders),
        exclude=was.exclude if patch.exclude is None else tuple(patch.exclude),
        headers=was.headers if patch.headers is None else tuple(patch.headers),
    )


async def set_metadata(call: Call) -> MetadataBody:
    """Replace the metadata of one connection or several."""
    return await _write_named(call, merge=False)


async def merge_metadata(call: Call) -> MetadataBody:
    """Merge into the metadata of one connection or several; top-level fields are replaced."""
    return await _write_named(call, merge=True)


async def _write_named(call: Call, *, merge: bool) -> MetadataBody:
    body = call.body(MetadataBody)
    named = body.connection_id if isinstance(body.connection_id, list) else [body.connection_id]
    await write_metadata(call, named, body.metadata, merge=merge)
    return body


async def write_metadata(
    call: Call, named: Sequence[str], metadata: Mapping[str, Any], *, merge: bool
) -> None:
    """Write it to each connection. Raises UnknownConnectionError before any is written."""
    ids = [(await call.connection(connection_id(one))).value.id for one in named]

    def change(was: Connection) -> Connection:
        return replace(was, metadata={**(was.metadata if merge else {}), **metadata})

    for id in ids:
        await call.use(ChangeConnection)(id, change)


async def delete_connection(call: Call) -> Success:
    """Disconnect: accepted at once, finished in the background (DESIGN 5.6)."""
    connection = (await call.any_connection(_path_id(call))).value
    await call.use(AcceptDisconnect)(connection.id)
    return Success()


def _path_id(call: Call) -> ConnectionId:
    return connection_id(call.path("connection_id"))


ROUTES = (
    Route(
        "GET",
        "/connections",
        Permission.CONNECTIONS_READ,
        list_connections,
        "List connections",
        query=ConnectionsQuery,
    ),
    Route(
        "POST",
        "/connections/metadata",
        Permission.CONNECTIONS_WRITE,
        set_metadata,
        "Replace metadata",
        body=MetadataBody,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "PATCH",
        "/connections/metadata",
        Permission.CONNECTIONS_WRITE,
        merge_metadata,
        "Merge metadata",
        body=MetadataBody,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "GET",
        "/connections/{connection_id}",
        Permission.CONNECTIONS_READ,
        get_connection,
        "Look at a connection",
        query=ConnectionQuery,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "PATCH",
        "/connections/{connection_id}",
        Permission.CONNECTIONS_WRITE,
        patch_connection,
        "Change a connection",
        body=ConnectionPatch,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "DELETE",
        "/connections/{connection_id}",
        Permission.CONNECTIONS_WRITE,
        delete_connection,
        "Disconnect",
        tenant=Tenant.OPTIONAL,
    ),
)
