"""Connect pages as responses: status, security headers, and the look a reader asked for."""

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared.edge.settings.deployment import Settings
from shared.pages.connect.render import SYSTEM, THEMES, Look, page
from shared.pages.language import strings_for
from shared.usecases.connect.consent.outcomes import Connected, Refused

STATUS = {
    "access_denied": 403,
    "missing_scope": 403,
    "metadata_scope": 403,
    "admin_policy_enforced": 403,
    "org_internal": 403,
    "other_browser": 403,
    "wrong_account": 409,
    "closing": 409,
    "disconnecting": 410,
    "expired_session": 410,
    "expired_state": 410,
    "used_ticket": 410,
    "already_connected": 200,
    "declined": 200,
    "unavailable": 503,
    "invalid_client": 502,
    "deleted_client": 502,
    "redirect_uri_mismatch": 502,
    "google_error": 502,
}
"""Status of the page for a code; any other is 400."""
CHOSEN = frozenset({"already_connected", "declined", "access_denied"})
"""Codes of what the end user wanted so: nothing is wrong."""
PAGES: Mapping[int | Literal["default"], str] = {
    200: "The page, or one that says how it ended.",
    410: "A page: the link, or the time for it, is over.",
    502: "A page: Google refuses this deployment itself.",
}
"""Statuses that only pages have, for the documentation."""
ISOLATED: Mapping[str, str] = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Without them a product that isolates itself by COEP shows a blank frame."""
IN_APP = re.compile(
    r"; wv\)|\bFB(?:AN|AV|_IAB)\b|\bInstagram\b|\bLinkedInApp\b|\bLine/|\bMicroMessenger/"
    r"|\bSnapchat\b|\bBytedanceWebview\b"
)
"""How browsers inside apps name themselves: Google refuses to sign anyone in there."""
MOST_READ = 1_000
"""Characters of a header that are looked at: real ones are shorter."""
ORIGIN = re.compile(r"https?://[a-z\d.-]+(?::\d{1,5})?")
"""Without a character that could end a directive of the security policy."""


def look_of(request: Request, settings: Settings, lang: str | None, theme: str | None) -> Look:
    """Return the language and theme: what was asked, else what the browser prefers."""
    strings = strings_for(
        lang, request.headers.get("accept-language"), product=settings.product_name
    )
    return Look(strings, theme if theme in THEMES else SYSTEM, settings.brand)


def is_in_app(request: Request) -> bool:
    """Whether the page is shown inside another app, where Google's sign-in is a dead end."""
    return IN_APP.search(request.headers.get("user-agent", "")[:MOST_READ]) is not None


def unknown_parent(request: Request, origins: tuple[str, ...]) -> str | None:
    """Return the origin of a page that puts the connect page in a frame and is not configured.

    Its frame would stay blank. None where the browser does not say so: then the headers refuse.
    """
    parts = urlsplit(request.headers.get("referer", "")[:MOST_READ])
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    framed = request.headers.get("sec-fetch-dest") == "iframe"
    if not framed or not ORIGIN.fullmatch(origin) or origin in origins:
        return None
    return None if f"{origin.rpartition(':')[0]}:*" in origins else origin


def html(
    template: str,
    look: Look,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    framed_by: tuple[str, ...] = (),
    leads_to: tuple[str, ...] = (),
) -> HTMLResponse:
    """Return a page that only `framed_by` may frame, never cached, never a referrer.

    Its form may end at `leads_to`: browsers hold redirects to `form-action` too.
    """
    response = HTMLResponse(page(template, look, **context), status)
    response.headers.update(security_headers(framed_by, leads_to, look.brand.logo_origin))
    response.headers["Content-Language"] = look.strings.language
    return response


def security_headers(
    framed_by: tuple[str, ...] = (),
    leads_to: tuple[str, ...] = (),
    logo_origin: str | None = None,
) -> dict[str, str]:
    """Return the headers of every page: nothing inline or stored, nothing foreign but a logo."""
    images = f"'self' data: {logo_origin}" if logo_origin else "'self' data:"
    ancestors = " ".join(framed_by) or "'none'"
    targets = " ".join(("'self'", *leads_to))
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; "
            "connect-src 'self'; base-uri 'none'; "
            f"form-action {targets}; "
            f"frame-ancestors {ancestors}"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "X-Robots-Tag": "noindex",
    }
    return {**headers, **(ISOLATED if framed_by else {"X-Frame-Options": "DENY"})}


def connected_page(look: Look, outcome: Connected) -> HTMLResponse:
    """Return the page that says it worked."""
    t = look.strings
    context = {
        "good": True,
        "wrong": False,
        "code": "connected",
        "connection_id": outcome.connection_id,
        "title": t("done.title_again" if outcome.reconnected else "done.title"),
        "text": t("done.text", email=outcome.email),
        "scopes": (),
        "retry": None,
    }
    return html("outcome.html", look, context)


def refused_page(look: Look, outcome: Refused) -> HTMLResponse:
    """Return the page that says what went wrong and who must do what."""
    t = look.strings
    code = outcome.code if t.knows(f"error.{outcome.code}.title") else "google_error"
    retry = f"/oauth/start?ticket={outcome.retry_ticket}" if outcome.retry_ticket else None
    context = {
        "good": code == "already_connected",
        "wrong": code not in CHOSEN,
        "code": code,
        "connection_id": None,
        "title": t(f"error.{code}.title"),
        "text": t(f"error.{code}.text", expected=outcome.expected, given=outcome.given),
        "scopes": outcome.scopes,
        "retry": f"{retry}&lang={t.language}&theme={look.theme}" if retry else None,
    }
    return html("outcome.html", look, context, status=STATUS.get(code, 400))
