"""The console's pages as responses: headers, the live part, the way to the sign-in, errors."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.edge.connect.page import security_headers
from shared.edge.console.layout.navigation import NAV
from shared.edge.web import logs
from shared.edge.web.status import answer_to
from shared.pages.console.render import THEME_COOKIE, THEMES, live, page
from shared.ports.clock import Clock

if TYPE_CHECKING:
    from shared.edge.console.access.session import Session
    from shared.edge.web.call import Call

SIGN_IN: Final = "/console/sign-in"
INTERNAL: Final = 500
TITLES: Final = {
    400: "This cannot be done so",
    403: "This is not allowed",
    404: "There is no such thing",
    409: "Somebody else changed it",
    424: "Google did not agree",
    429: "Too much at once",
    503: "Not just now",
}


def html_page(
    request: Request, template: str, context: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """Return a whole page."""
    asked = request.cookies.get(THEME_COOKIE, "")
    theme = asked if asked in THEMES else "system"
    empty = {"nav": NAV, "session": None, "notice": None, "troubles": (), "now": datetime.now(UTC)}
    known = {**empty, **context}
    return HTMLResponse(page(template, theme=theme, **known), status, page_headers())


def live_part(request: Request, template: str, context: Mapping[str, Any]) -> Response:
    """Return the live part of a page, or 304 where the browser has it; without one, the page."""
    part = live(template, **context)
    if part is None:
        return html_page(request, template, context)
    content = part.encode()
    tag = f'"{sha256(content).hexdigest()[:16]}"'
    headers = {**page_headers(), "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(content, headers=headers)


def page_headers() -> dict[str, str]:
    """Return the headers of every page.

    The referrer goes to ourselves: without it browsers would hide the Origin of a form, too.
    """
    return {
        **security_headers(),
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def back_to(path: str, request: Request) -> RedirectResponse:
    """Return the way to the sign-in and from there back to the page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{path}?{urlencode({'next': asked})}", 303, page_headers())


def problem(call: "Call", session: "Session", error: Exception) -> HTMLResponse:
    """Return an error as a page that says what to do; an unexpected one is logged."""
    answer = answer_to(error, call.trace_id)
    inner = answer.body["error"]
    if answer.status >= INTERNAL:
        logs.log_failure("console request failed", error, status=answer.status)
    else:
        logs.note(code=inner["code"])
    context = {
        "title": TITLES.get(answer.status, "Something failed"),
        "current": None,
        "session": session,
        "now": call.use(Clock).now(),
        "code": inner["code"],
        "message": inner["message"] + (f" Guide: {inner['docs']}." if "docs" in inner else ""),
        "trace_id": call.trace_id if answer.status >= INTERNAL else None,
    }
    response = html_page(call.request, "problem.html", context, answer.status)
    response.headers.update(answer.headers)
    return response
