"""A mailbox changed: run its history delta now.

Trigger  Pub/Sub push, POST /push/gmail, signed by the push service account
Reads    mailboxes, sync states, records; Gmail's history and messages
Writes   records with their checkpoint and event in one commit; enqueues what it cannot finish
Answers  204 after durable work and for what no redelivery improves; 401 to a forged token; 503 else
"""

import os

import functions_framework.aio
from starlette.applications import Starlette
from starlette.requests import Request

from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import gmail_push_routes
from shared.edge.web.app import build_app
from shared.edge.web.once import async_once

SETTINGS = settings_from(os.environ)


@async_once
async def compose() -> Starlette:
    """Build the app at the first request: after the fork, never at import."""
    return build_app("gmail_push", gmail_push_routes(), container_for(SETTINGS))


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def gmail_push(_request: Request) -> Starlette:
    """Return the app; the framework calls it with the request."""
    return await compose()
