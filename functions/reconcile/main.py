"""Find what was not woken: due mailboxes and unfinished sends.

Trigger  Cloud Scheduler, POST /jobs/reconcile, signed by the scheduler service account
Reads    sync states and sends by due time, shard by shard
Writes   tasks only
Answers  204; 503 to be called again
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import reconcile_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ, without=frozenset({"OAUTH_CLIENT_SECRET"}))


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("reconcile", reconcile_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def reconcile(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
