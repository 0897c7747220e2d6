"""Deliver one event to the receivers that lack it: webhooks, a Pub/Sub topic, an SQS queue.

Trigger  Cloud Tasks, POST /tasks/deliver, signed by the tasks service account
Reads    the event, webhook endpoints, the connection's own webhook address
Writes   the claim, then how the event stands with each receiver; an endpoint that said 410
Answers  204 when the attempt was made, whatever came of it; 503 to be called again
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import deliver_event_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ, without=frozenset({"OAUTH_CLIENT_SECRET"}))


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("deliver_event", deliver_event_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def deliver_event(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
