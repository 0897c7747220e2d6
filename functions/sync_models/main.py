"""Run a deployment's own syncs; deployed only where there is one.

Trigger  Cloud Tasks, POST /tasks/models, signed by the tasks service account
Reads    own syncs' states and records, the stored messages, connections, grants; Gmail, Google APIs
Writes   records of own models with their checkpoint and events in one commit
Answers  204 when there is nothing left for a retry to improve; 503 to be called again
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import sync_models_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("sync_models", sync_models_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def sync_models(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
