"""One sign-in under way at Google, kept by the browser in a sealed cookie."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from shared.edge.console.access.session import cookie_name, sealed_cookie, set_sealed
from shared.edge.settings.deployment import Settings
from shared.errors import CorruptStateError
from shared.ports.google.oauth import Sealer
from shared.usecases.connect.tokens.token_seal import open_alone, seal_alone

LIFETIME: Final = timedelta(minutes=10)
PURPOSE: Final = "console-sign-in"
ISSUER: Final = "https://accounts.google.com"
MOST_WAY: Final = 500
"""Characters of the page to go on to: a cookie is small."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What Google's answer must fit; `way` is where to go on to."""

    state: str
    nonce: str
    verifier: str
    way: str
    until: float


def new_flow(way: str, now: datetime) -> Flow:
    """Return a flow that cannot be guessed."""
    state, nonce, verifier = (token_urlsafe(32) for _ in range(3))
    return Flow(state, nonce, verifier, way[:MOST_WAY], (now + LIFETIME).timestamp())


async def set_flow(response: Response, flow: Flow, settings: Settings, sealer: Sealer) -> None:
    """Bind the flow to the browser that gets this response."""
    sealed = await seal_alone(sealer, orjson.dumps(flow).decode(), owner=PURPOSE, purpose=PURPOSE)
    set_sealed(response, _name(settings), sealed, settings, LIFETIME, path="/")


async def flow_of(
    request: Request, settings: Settings, sealer: Sealer, now: datetime
) -> Flow | None:
    """Return the flow that this browser began, None where it began none that still lives."""
    sealed = sealed_cookie(request, _name(settings))
    if sealed is None:
        return None
    try:
        text = await open_alone(sealer, sealed, owner=PURPOSE, purpose=PURPOSE)
        flow = Flow(**orjson.loads(text))
    except (CorruptStateError, ValueError, TypeError):
        return None
    return flow if now < datetime.fromtimestamp(flow.until, UTC) else None


def end_flow(response: Response, settings: Settings) -> None:
    """Take the flow away from the browser."""
    name = _name(settings)
    response.delete_cookie(name, path="/", secure=settings.secure, httponly=True, samesite="lax")


def _name(settings: Settings) -> str:
    return f"{cookie_name(settings)}-flow"
