"""The cookie that binds a consent to the browser that began it (DESIGN 5.1).

Set at top level only, because cookies of an iframe are partitioned. One cookie a flow: two
windows do not disturb each other. It also carries the page's language and theme, which Google's
redirect would lose.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from shared.domain.connect.connect_session import OAUTH_STATE_LIFETIME, token_hash
from shared.edge.settings.deployment import Settings
from shared.usecases.connect.consent.start_consent import flow_name

VALUE = re.compile(r"([\w-]{20,100})\.([a-z]{2,8})\.(light|dark|system)")


@dataclass(frozen=True, slots=True)
class FlowCookie:
    """What the browser brought back; `secret` None where it brought nothing."""

    secret: str | None = None
    lang: str | None = None
    theme: str | None = None


def cookie_name(flow: str, settings: Settings) -> str:
    """`__Host-` where there is TLS: no other host can set it. Plain on loopback only."""
    return f"__Host-postroom-{flow}" if settings.secure else f"postroom-{flow}"


def set_cookie(
    response: Response,
    settings: Settings,
    flow: str,
    cookie: FlowCookie,
    lifetime: timedelta = OAUTH_STATE_LIFETIME,
) -> None:
    """Bind the flow to the browser that receives `response`."""
    response.set_cookie(
        cookie_name(flow, settings),
        f"{cookie.secret}.{cookie.lang}.{cookie.theme}",
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(response: Response, settings: Settings, token: str) -> None:
    """Take the cookie of a finished flow away."""
    name = cookie_name(flow_name(token_hash(token)), settings)
    response.delete_cookie(name, path="/", secure=settings.secure, httponly=True, samesite="lax")


def read_cookie(request: Request, settings: Settings, token: str) -> FlowCookie:
    """Return the cookie of the flow whose `state` or confirmation token this is."""
    name = cookie_name(flow_name(token_hash(token)), settings)
    found = VALUE.fullmatch(request.cookies.get(name, ""))
    return FlowCookie(found[1], found[2], found[3]) if found else FlowCookie()
