"""The sample product as one Starlette application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from infra.local.environment import HOST
from infra.local.product import api, connecting
from infra.local.product.context import PageError, ProductContext, product_of
from infra.local.product.guard import Guard
from infra.local.product.language import language_of, phrase, texts
from infra.local.product.live import Follower, connection_fields
from infra.local.product.settings import ProductSettings
from infra.local.product.state import ProductState
from shared.client import Connection, Postroom, PostroomApiError, PostroomUnreachableError

ROOT = Path(__file__).parent
FIRST_ROWS = 15
"""As many as a window shows: the page brings them along, and its script asks for the rest."""


def create_app(settings: ProductSettings) -> Starlette:
    """Return the application; its lifespan opens the state file and the client."""
    return Starlette(
        routes=_routes(),
        lifespan=lambda app: _open(app, settings),
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(Guard),
            Middleware(GZipMiddleware),
        ],
        exception_handlers={
            PageError: api.trouble,
            PostroomApiError: api.trouble,
            PostroomUnreachableError: api.trouble,
        },
    )


def _routes() -> list[Route | Mount]:
    return [
        Route("/", page),
        Route("/people", connecting.sign_in, methods=["POST"]),
        Route("/connect/link", connecting.link, methods=["POST"]),
        Route("/api/events", api.events),
        Route("/api/connect", connecting.session, methods=["POST"]),
        Route("/api/connected", connecting.show_connection, methods=["POST"]),
        Route("/api/disconnect", connecting.disconnect, methods=["POST"]),
        Route("/api/messages", api.messages),
        Route("/api/search", api.search),
        Route("/api/threads/{id}", api.thread),
        Route("/api/threads/{id}/change", api.change, methods=["POST"]),
        Route("/api/messages/{id}/body", api.body),
        Route("/api/messages/{id}/inline/{content_id:path}", api.inline),
        Route("/api/messages/{id}/parts/{part_id}", api.download),
        Route("/api/send", api.send, methods=["POST"]),
        Route("/api/sample-mail", connecting.receive_sample, methods=["POST"]),
        Mount("/static", StaticFiles(directory=ROOT / "static")),
    ]


@asynccontextmanager
async def _open(app: Starlette, settings: ProductSettings) -> AsyncIterator[None]:
    state = ProductState(settings.state)
    async with Postroom.open(settings.postroom, settings.api_key) as postroom:
        followers = {
            one.email: Follower(one, postroom, state, settings.look_every_s)
            for one in settings.people
        }
        app.state.product = ProductContext(settings, postroom, state, followers)
        try:
            yield
        finally:
            state.close()


def end_pages(app: Starlette) -> None:
    """End every open event stream, so that a server can stop."""
    for follower in app.state.product.followers.values():
        follower.close()


async def page(request: Request) -> Response:
    """Return the page; what needs no script works without one."""
    if request.url.hostname != HOST:
        # Postroom lets one origin frame its connect page: this one.
        return RedirectResponse(request.url.replace(hostname=HOST))
    product = product_of(request)
    connection, problem = await _connection(product.follower(request))
    html = (
        _templates()
        .get_template("page.html")
        .render(
            person=product.person(request),
            people=product.settings.people,
            postroom=product.settings.postroom,
            sample_mail=product.settings.google_control is not None,
            connection=connection,
            problem=problem,
            modules=_modules(),
            language=language_of(request),
            t=partial(phrase, request),
            start={
                **await _start(product, connection),
                "away": problem is not None,
                "texts": _script_texts(language_of(request)),
            },
        )
    )
    return HTMLResponse(
        html, headers={"Content-Security-Policy": _policy(product.settings.postroom)}
    )


async def _connection(follower: Follower) -> tuple[Connection | None, str | None]:
    try:
        return await follower.connection(), None
    except (PostroomApiError, PostroomUnreachableError):
        return None, "Postroom does not answer at the moment."


async def _start(product: ProductContext, connection: Connection | None) -> dict[str, Any]:
    """Return what the script begins with, so that the first rows cost no further request."""
    live = connection is not None and not connection.needs_consent
    try:
        inbox = None
        if connection is not None and live:
            inbox = await api.screen(product, connection.id, "INBOX", limit=FIRST_ROWS)
    except (PostroomApiError, PostroomUnreachableError):
        inbox = None
    return {"connection": connection_fields(connection), "inbox": inbox}


@cache
def _script_texts(language: str) -> dict[str, str]:
    """Return the texts that the script says, so that no page brings along what it says itself."""
    source = "".join(one.read_text("utf-8") for one in (ROOT / "static").glob("*.js"))
    return {one: text for one, text in texts(language).items() if f'"{one}"' in source}


@cache
def _modules() -> list[str]:
    """Return the script's modules, so that a browser fetches all of them at once."""
    own = (ROOT / "static").glob("*.js")
    return sorted(one.name for one in own if one.name != "theme.js")


def _policy(postroom: str) -> str:
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; frame-src 'self' {postroom}; form-action 'self' {postroom}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(ROOT / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
