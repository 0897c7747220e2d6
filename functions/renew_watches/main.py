"""Renew every watch that expires soon; they live seven days and lapse silently. Daily upkeep.

Trigger  Cloud Scheduler, POST /jobs/{renew-watches,tend-grants,rotate-keys,prune-deleted},
         signed by the scheduler service account
Reads    mailboxes by renewal time, connections, grants; Gmail's profile and watch
Writes   mailboxes and their names, connections whose address changed, with their event; watch
         events where one lapsed or came back; auth events where a grant ends;
         grants (refreshed or rewrapped); payloads of old tombstones
Answers  204; 503 to be called again
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import renew_watches_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("renew_watches", renew_watches_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def renew_watches(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
