"""The console: what operators see and do in a browser.

Trigger  public HTTP, /console, with a session cookie
Reads    every collection; Gmail to explain an absence and through actions
Writes   sync states by compare-and-set, connect sessions, disconnects, operations; tasks
Answers  pages; never a token in a log or a cache
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import console_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("console", console_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def console(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
