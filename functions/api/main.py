"""The HTTP API: sessions, connections, records, syncs, actions, operations.

Trigger  HTTP with an API key or a connect-session token; the socket of nango.auth()
Reads    every collection; Gmail through actions
Writes   connect sessions, connections, sync states by compare-and-set, action results; tasks
Answers  JSON as GET /openapi.json describes it
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.connect.headless import SOCKET, headless_socket
from shared.edge.settings.deployment import settings_from
from shared.edge.table import api_routes
from shared.edge.web.app import build_app, pass_sockets_on
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    container = container_for(SETTINGS)
    return build_app("api", api_routes(), container, (headless_socket(container),))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def api(request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    app = await compose()
    pass_sockets_on(request, app, SOCKET)
    return app
