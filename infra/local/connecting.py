"""A connection made the way a person makes one, with nothing but HTTP."""

import re
from html import unescape
from urllib.parse import urljoin

import httpx

from infra.local.environment import INTEGRATION
from infra.local.loopback import loopback_client

CONSENT = re.compile(r"""(?:href|action)=["']([^"']*/oauth/start[^"']*)["']""")
HIDDEN = re.compile(r"""<input[^>]*name=["'](\w+)["'][^>]*value=["']([^"']*)["']""")


class NotConnectedError(Exception):
    """The flow ended without a connection; the message says where."""


async def find_connection(postroom: httpx.AsyncClient, end_user: str) -> str | None:
    """Return the id of an end user's connection, if there is one."""
    answer = await postroom.get("/connections", params={"endUserId": end_user})
    answer.raise_for_status()
    found = answer.json()["connections"]
    return str(found[0]["connection_id"]) if found else None


async def connect(postroom: httpx.AsyncClient, google: httpx.AsyncClient, email: str) -> str:
    """Connect the mailbox `email` for an end user of that id; return the connection id.

    `postroom` carries the API key, `google` reaches the emulated Google's control API.
    Raises NotConnectedError.
    """
    session = await postroom.post(
        "/connect/sessions",
        json={
            "tags": {"end_user_id": email, "end_user_email": email},
            "allowed_integrations": [INTEGRATION],
        },
    )
    _require(session, "POST /connect/sessions")
    consent = {"email": email, "decision": "approve"}
    _require(await google.post("/_control/consent", json=consent), "POST /_control/consent")
    await _walk(session.json()["data"]["connect_link"])
    connection = await find_connection(postroom, email)
    if connection is None:
        raise NotConnectedError("The consent ended, and there is no connection.")
    return connection


async def _walk(link: str) -> None:
    """Follow the connect link to Google's consent screen and back, as a browser would."""
    async with loopback_client(follow_redirects=True, timeout=30) as browser:
        page = await browser.get(link)
        _require(page, "The connect page")
        found = CONSENT.search(page.text)
        if found is None:
            raise NotConnectedError("The connect page leads nowhere.")
        target = urljoin(str(page.url), unescape(found[1]))
        hidden = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
        if found[0].startswith("action") and 'method="post"' in page.text.lower():
            _require(await browser.post(target, data=hidden), "The consent")
        else:
            _require(await browser.get(httpx.URL(target).copy_merge_params(hidden)), "The consent")


def _require(answer: httpx.Response, step: str) -> None:
    if not answer.is_success:
        raise NotConnectedError(f"{step} answered {answer.status_code}.")
