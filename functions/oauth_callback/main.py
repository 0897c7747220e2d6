"""The connect page, the start of consent, and Google's callback.

Trigger  public HTTP, /connect-ui, /connect/session and /oauth
Reads    connect sessions, tickets, OAuth states, connections, Google users
Writes   connections, grants, memberships, the sync state with its auth event; the first sync task
Answers  pages; never a token in a log, a header others see, or a cache
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import oauth_callback_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("oauth_callback", oauth_callback_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def oauth_callback(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
