"""What the user sees: the consent page and the page that says why there is none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=False,
)
# Google's own pages refuse to be framed, so a product that tries must notice here too.
_HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def consent_page(
    *,
    action: str,
    client: str,
    destination: str,
    accounts: Sequence[str],
    chosen: str | None,
    scopes: Sequence[tuple[str, str]],
) -> HTMLResponse:
    """Ask which account, and which of the scopes. Plain forms: it works without JavaScript.

    Google shows checkboxes only for more than one Gmail scope (FACTS 6.3); here a single one
    can be unticked too, so that the refusal can be seen.
    """
    return _page(
        "consent.html",
        200,
        action=action,
        client=client,
        destination=destination,
        accounts=accounts,
        chosen=chosen,
        scopes=scopes,
    )


def refused_page(status: int, error: str, description: str) -> HTMLResponse:
    """Show an error to the user instead of redirecting with it (FACTS 6.8)."""
    return _page("refused.html", status, status=status, error=error, description=description)


def _page(template: str, code: int, **values: Any) -> HTMLResponse:
    content = _TEMPLATES.get_template(template).render(**values)
    return HTMLResponse(content, status_code=code, headers=_HEADERS)
