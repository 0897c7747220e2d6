"""Drain one mailbox: deltas, backfill chunks, recovery, rechecks; carry out disconnects.

Trigger  Cloud Tasks, POST /tasks/sync, /tasks/disconnect and /tasks/probe, signed by its account
Reads    sync states, records, quarantine, connections, grants; Gmail
Writes   records with their checkpoint and event in one commit; at a disconnect removes all of it
Answers  204 when there is nothing left for a retry to improve; 503 to be called again
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import sync_mailbox_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("sync_mailbox", sync_mailbox_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def sync_mailbox(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
