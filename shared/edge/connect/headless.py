"""Consent without a page of ours: what Nango's frontend does in `nango.auth()` (API 2.5).

Its page opens a socket at the root, gets a name over it, opens a window at /oauth/connect with that
name, and hears over the socket how the consent ended.
"""

import asyncio
from collections.abc import Collection
from secrets import token_urlsafe
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.troubles import DESCRIPTIONS
from shared.domain.validation import MAX_TEXT
from shared.edge.connect.oauth import TOKEN_LENGTH, begin_consent
from shared.edge.connect.page import PAGES, look_of, refused_page
from shared.edge.settings.deployment import Settings
from shared.edge.web.call import Call
from shared.edge.web.logs import log_failure
from shared.edge.web.routes import Access, Route
from shared.errors import PostroomError, UnauthenticatedError
from shared.ports.container import Container
from shared.usecases.connect.consent.listeners import AwaitConsent, Heard, TellListener
from shared.usecases.connect.consent.outcomes import Refused
from shared.usecases.connect.consent.sessions import OpenConnectSession

SOCKET: Final = "/"
MOST_LISTENING: Final = 40
"""Sockets of an instance: half of the requests that it may have at once stay for others."""
TRY_LATER: Final = 1013
NO_PUBLIC_KEY: Final = "public_key_not_supported"
SENTENCES: Final = {
    NO_PUBLIC_KEY: (
        "Postroom has no public keys: let your backend open a connect session (POST "
        "/connect/sessions, createConnectSession), and give its token to the frontend as "
        "connectSessionToken."
    ),
    "unknown_integration": "Postroom has one integration, google-mail, and its configured aliases.",
    "expired_session": "This connect session is unknown or has expired: create a new one.",
    "access_denied": "The end user did not allow it.",
    "unavailable": "Postroom could not answer: try again.",
}
NOT_CONNECTED: Final = "Nothing was connected."


class HeadlessQuery(BaseModel):
    """What the frontend puts into the window's address; the session says the rest already."""

    model_config = ConfigDict(extra="ignore", frozen=True, str_max_length=MAX_TEXT)

    connect_session_token: str = Field("", max_length=TOKEN_LENGTH)
    public_key: str = Field("", max_length=TOKEN_LENGTH)
    ws_client_id: str = Field("", max_length=TOKEN_LENGTH)


async def start_headless(call: Call) -> Response:
    """Begin the consent of a session in the window that Nango's frontend opened.

    A public key opens none: the page hears at once what to do instead.
    """
    asked = call.query(HeadlessQuery)
    refused = await _refusal(call, asked)
    if refused is not None:
        if asked.ws_client_id:
            await call.use(TellListener)(asked.ws_client_id, refused=refused)
        look = look_of(call.request, call.use(Settings), None, None)
        return refused_page(look, Refused("expired_session"))
    session = (await call.use(OpenConnectSession)(asked.connect_session_token)).value
    response = await begin_consent(call, session.id)
    await call.use(TellListener)(asked.ws_client_id, session.id)
    return response


async def _refusal(call: Call, asked: HeadlessQuery) -> str | None:
    """Return why no consent can begin."""
    if call.path("name") not in call.use(IntegrationNames):
        return "unknown_integration"
    if not asked.connect_session_token:
        return NO_PUBLIC_KEY
    try:
        await call.use(OpenConnectSession)(asked.connect_session_token)
    except UnauthenticatedError:
        return "expired_session"
    return None


def headless_socket(container: Container) -> WebSocketRoute:
    """Return the socket of `nango.auth()`, for the function that serves the root."""
    return WebSocketRoute(SOCKET, Listening(container))


class Listening:
    """ASGI application of the socket: acknowledges, waits, and says how it ended."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._open = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one socket; of pages that are none of the product's nothing is taken."""
        socket = WebSocket(scope, receive, send)
        if not _is_products(socket, self._container.use(Settings).product_origins):
            await socket.close()
            return
        await socket.accept()
        if self._open >= MOST_LISTENING:
            await socket.close(TRY_LATER)
            return
        self._open += 1
        try:
            await self._serve(socket)
        finally:
            self._open -= 1

    async def _serve(self, socket: WebSocket) -> None:
        listener = token_urlsafe(24)
        await socket.send_json({"message_type": "connection_ack", "ws_client_id": listener})
        hearing = asyncio.create_task(self._hear(listener))
        leaving = asyncio.create_task(_await_leave(socket))
        try:
            await asyncio.wait({hearing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not leaving.done():
                key = self._container.use(IntegrationNames).first_alias
                await socket.send_json(_message(hearing.result(), key))
                await socket.close()
        finally:
            hearing.cancel()
            leaving.cancel()

    async def _hear(self, listener: str) -> Heard:
        try:
            heard = await self._container.use(AwaitConsent)(listener)
        except PostroomError as error:
            log_failure("a listener was not told", error)
            heard = Heard(error="unavailable")
        return heard or Heard(error="expired_session")


def _is_products(socket: WebSocket, origins: Collection[str]) -> bool:
    """Whether the page that asks is the product's; a local one may be on any port."""
    origin = socket.headers.get("origin", "")
    return origin in origins or f"{origin.rpartition(':')[0]}:*" in origins


async def _await_leave(socket: WebSocket) -> None:
    """Return when the page has closed its socket; it says nothing over it."""
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, RuntimeError, KeyError):
        return


def _message(heard: Heard, key: str) -> dict[str, Any]:
    """Return what the frontend resolves or rejects by."""
    if heard.connection_id is not None:
        return {
            "message_type": "success",
            "provider_config_key": key,
            "connection_id": heard.connection_id,
            "is_pending": False,
        }
    code = heard.error or "unknown"
    told = SENTENCES.get(code) or DESCRIPTIONS.get(code) or NOT_CONNECTED
    return {"message_type": "error", "error_type": code, "error_desc": told}


ROUTES = (
    Route(
        "GET",
        "/oauth/connect/{name}",
        Access.PUBLIC,
        start_headless,
        "Start the consent of nango.auth()",
        query=HeadlessQuery,
        produces="text/html",
        status=303,
        also=PAGES,
    ),
)
