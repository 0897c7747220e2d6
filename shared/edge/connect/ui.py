"""GET /connect-ui: the connect page, in an iframe or as a plain link (API 2.3)."""

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.domain.connect.connect_session import ConnectSession, ConnectStatus
from shared.domain.connect.end_user import known_name
from shared.domain.validation import MAX_TEXT
from shared.edge.connect.page import PAGES, html, is_in_app, look_of, refused_page, unknown_parent
from shared.edge.settings.deployment import Settings
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Route
from shared.errors import NotFoundError, UnauthenticatedError
from shared.pages.assets import Assets
from shared.pages.connect.render import ASSETS, Look, frame_setup
from shared.ports.connections import Connections
from shared.usecases.connect.consent.outcomes import FINAL, Refused
from shared.usecases.connect.consent.sessions import OpenConnectSession
from shared.usecases.connect.settings import ConnectSettings

A_YEAR_S = 31_536_000
KEPT = {
    "Cache-Control": f"public, max-age={A_YEAR_S}, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of a file whose address changes with its content."""


class ConnectPageQuery(BaseModel):
    """What clients put into the page's address. Others than these are ignored.

    `apiURL` is not read: the page speaks to its own deployment, whatever it says.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=MAX_TEXT)

    session_token: str | None = Field(None, max_length=200)
    api_url: str | None = Field(None, alias="apiURL")
    lang: str | None = Field(None, max_length=35)
    theme: str | None = Field(None, max_length=20)
    detect_closed: str | None = Field(None, alias="detectClosedAuthWindow")


class StaticQuery(BaseModel):
    """The version of a file, which only tells caches apart."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=MAX_TEXT)

    v: str | None = None


async def show_connect_page(call: Call) -> Response:
    """Show the connect page: with `session_token` on its own, without it inside an iframe."""
    asked = call.query(ConnectPageQuery)
    look = look_of(call.request, call.use(Settings), asked.lang, asked.theme)
    if asked.session_token:
        return await _link_page(call, look, asked.session_token)
    origins = call.use(Settings).product_origins
    if framing := unknown_parent(call.request, origins):
        return html("unknown_parent.html", look, {"origin": framing}, status=403,
                    framed_by=(framing,))  # fmt: skip
    setup = {**frame_setup(look, origins, FINAL), "in_app": is_in_app(call.request)}
    return html("frame.html", look, {"setup": setup}, framed_by=origins)


async def _link_page(call: Call, look: Look, token: str) -> Response:
    try:
        session = (await call.use(OpenConnectSession)(token)).value
    except UnauthenticatedError:
        return refused_page(look, Refused("expired_session"))
    if session.status is ConnectStatus.CONNECTED:
        return refused_page(look, Refused("already_connected"))
    if is_in_app(call.request):
        address = call.use(ConnectSettings).connect_link(token)
        return html("elsewhere.html", look, {"address": address})
    start = f"/oauth/start?session_token={token}&lang={look.strings.language}&theme={look.theme}"
    context = {
        "who": known_name(session.end_user),
        "before": await account_before(call, session),
        "scopes": session.scopes,
        "start": start,
    }
    return html("link.html", look, context)


async def account_before(call: Call, session: ConnectSession) -> str | None:
    """Return the address a reconnect must come back with."""
    if session.reconnect is None:
        return None
    found = await call.use(Connections).get(session.reconnect)
    return found.value.email if found else None


async def show_brand(call: Call) -> Response:
    """Return the product's colour as a style sheet. Raises NotFoundError where it has none."""
    brand = call.use(Settings).brand
    if brand.colour is None:
        raise NotFoundError("No such file.")
    return Response(brand.style, media_type="text/css", headers=KEPT)


async def show_static(call: Call) -> Response:
    """Return one of the page's own files."""
    return file_answer(ASSETS, call.path("name"))


def file_answer(assets: Assets, name: str) -> Response:
    """Return one file, to be kept: its address changes with its content. Raises NotFoundError."""
    found = assets.file(name)
    if found is None:
        raise NotFoundError("No such file.")
    content, media_type = found
    return Response(content, media_type=media_type, headers=KEPT)


ROUTES = (
    Route(
        "GET",
        "/connect-ui",
        Access.PUBLIC,
        show_connect_page,
        "The connect page",
        query=ConnectPageQuery,
        produces="text/html",
        also=PAGES,
    ),
    Route(
        "GET",
        "/connect-ui/brand.css",
        Access.PUBLIC,
        show_brand,
        "The product's colour",
        query=StaticQuery,
        produces="text/css",
        documented=False,
    ),
    Route(
        "GET",
        f"{ASSETS.path}/{{name}}",
        Access.PUBLIC,
        show_static,
        "A file of the connect page",
        query=StaticQuery,
        produces="text/css",
        documented=False,
    ),
)
