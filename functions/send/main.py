"""Send one message: the product's backend calls it.

Trigger  HTTP with an API key, /send and /sends
Reads    connections, grants, the send ledger; Gmail
Writes   the send ledger, drafts and messages at Gmail
Answers  the message's ids once Gmail took it; the same again for the same idempotency key
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import send_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("send", send_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def send(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
