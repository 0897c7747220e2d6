"""/connection: what older clients, and callers of plain HTTP, call /connections."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import ConfigDict, Field, RootModel

from shared.domain.validation import MAX_TEXT
from shared.edge.api import connection_import, connections
from shared.edge.api.connection_models import METADATA_FIELDS
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, Route, Tenant

OLDER_NAME = "/connection"
BARE_METADATA = f"{OLDER_NAME}/{{connection_id}}/metadata"


class Metadata(RootModel[Annotated[dict[str, Any], Field(max_length=METADATA_FIELDS)]]):
    """The metadata by itself: the path names the connection."""

    model_config = ConfigDict(str_max_length=MAX_TEXT)


async def set_bare_metadata(call: Call) -> Metadata:
    """Replace the metadata of the connection in the path."""
    return await _write(call, merge=False)


async def merge_bare_metadata(call: Call) -> Metadata:
    """Merge into the metadata of the connection in the path."""
    return await _write(call, merge=True)


async def _write(call: Call, *, merge: bool) -> Metadata:
    body = call.body(Metadata)
    named = [call.path("connection_id")]
    await connections.write_metadata(call, named, body.root, merge=merge)
    return body


ROUTES = (
    *(
        replace(route, path=route.path.replace("/connections", OLDER_NAME, 1), documented=False)
        for route in (*connection_import.ROUTES, *connections.ROUTES)
    ),
    Route(
        "POST",
        BARE_METADATA,
        Permission.CONNECTIONS_WRITE,
        set_bare_metadata,
        "Replace metadata",
        body=Metadata,
        tenant=Tenant.OPTIONAL,
        documented=False,
    ),
    Route(
        "PATCH",
        BARE_METADATA,
        Permission.CONNECTIONS_WRITE,
        merge_bare_metadata,
        "Merge metadata",
        body=Metadata,
        tenant=Tenant.OPTIONAL,
        documented=False,
    ),
)
"""The same work under the same permissions; OpenAPI shows each under its one name."""
