"""The mailbox as tools for agents, by the Model Context Protocol.

Trigger  HTTP with an API key, POST /mcp; the headers name the connection. Without, POST /docs/mcp
Reads    connections, grants, API keys and their policies; Gmail
Writes   what the tools do: drafts, messages and labels at Gmail, the send ledger, action results
Answers  JSON-RPC, of both eras of the protocol; mail content is marked as untrusted
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import mcp_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("mcp", mcp_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def mcp(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
