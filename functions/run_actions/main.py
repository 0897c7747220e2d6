"""Run what goes on in the background: accepted actions, approved calls, sends, bulk sends.

Trigger  Cloud Tasks, POST /tasks/action, /tasks/approval and /tasks/send, signed by its account
Reads    accepted actions, approvals, connections, grants, the send ledger; Gmail
Writes   what an action came to and its event; the send ledger, drafts and messages at Gmail
Answers  204 when there is nothing left for a retry to improve; 503 to be called again
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import run_actions_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("run_actions", run_actions_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def run_actions(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
