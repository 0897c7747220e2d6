"""One emulated Google as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infra.local.google.connection import remember_transport
from infra.local.google.control import Control
from infra.local.google.endpoint import GmailEndpoint
from infra.local.google.oauth.service_accounts import IdTokens
from infra.local.google.oauth_endpoints import OAuthEndpoints
from infra.local.google.parts import Google, assemble
from infra.local.google.people import PeopleDoor
from infra.local.google.push.project import PubSubProject
from infra.local.google.settings import GoogleSettings
from infra.local.google.verification import Verification

GREETING = """This is an emulated Google: OAuth, Gmail and Pub/Sub push, on this machine only.
Discovery: /.well-known/openid-configuration   Gmail: /gmail/v1/users/me/...   Control: /_control/
"""


class GoogleApp(Starlette):
    """Starlette that remembers the socket, so that a fault can cut it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] == "http":
            remember_transport(scope, send)
        await super().__call__(scope, receive, send)


def create_app(
    settings: GoogleSettings, *, push_client: httpx.AsyncClient | None = None
) -> Starlette:
    """Build the application; its parts are at `app.state.google`.

    `push_client` carries pushes instead of a client of our own: a test passes one on
    `httpx.ASGITransport`. It can also be set later: `app.state.google.pushes.client`.
    """
    google = assemble(settings, push_client)
    gmail, people = GmailEndpoint(google), PeopleDoor(google)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        google.pushes.wake()
        yield
        await google.pushes.aclose()
        google.close()

    app = GoogleApp(
        routes=[
            Route("/gmail/{rest:path}", gmail),
            *OAuthEndpoints(google).routes(),
            IdTokens(google.key, google.clock).route(),
            *PubSubProject(settings, google.watches, google.pushes).routes(),
            *Control(google).routes(),
            Verification(google.store).route(),
            *people.routes(),
            Route("/upload/gmail/{rest:path}", gmail),
            Route("/batch", gmail),
            Route("/batch/gmail/v1", gmail),
            Route("/", _greet),
            Route("/{rest:path}", _not_emulated, methods=ALL_VERBS),
        ],
        lifespan=lifespan,
    )
    app.state.google = google
    app.state.people = people
    return app


ALL_VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def _greet(_request: Request) -> Response:
    return PlainTextResponse(GREETING)


async def _not_emulated(request: Request) -> Response:
    message = f"This emulated Google does not implement {request.method} {request.url.path}"
    body = {"error": {"code": 501, "message": message, "status": "UNIMPLEMENTED"}}
    return JSONResponse(body, status_code=501)


__all__ = ["Google", "GoogleApp", "create_app"]
