"""Browsers of the console, without a browser: each knows its person's cookie and token."""

import re
from dataclasses import dataclass
from hashlib import sha256
from html import unescape
from typing import Any

import httpx
from starlette.responses import Response

from shared.domain.ids import GoogleSub
from shared.edge.composition.container import AutowiredContainer
from shared.edge.console.access.session import (
    Session,
    google_session,
    key_session,
    record_of,
    set_session,
)
from shared.edge.settings.console import Role
from shared.ports.access import ConsoleSessions
from shared.ports.clock import Clock
from shared.ports.google.oauth import Identity, Sealer

OPERATOR_KEY = "an-operator-key-of-tests"
DIGEST = sha256(OPERATOR_KEY.encode()).hexdigest()
OPERATOR, VIEWER, DOMAIN = "olga@ops.example", "vera@view.example", "hosted.example"
CONSOLE = {
    "POSTROOM_CONSOLE_KEYS": DIGEST,
    "POSTROOM_CONSOLE_OPERATORS": OPERATOR,
    "POSTROOM_CONSOLE_VIEWERS": f"{VIEWER},@{DOMAIN}",
}
ORIGIN = "http://127.0.0.1:8080"
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
PROBLEM = re.compile(r'data-problem="([^"]+)"')
TAGS = re.compile(r"<[^>]+>")


@dataclass(eq=False)
class Person:
    """Somebody at the console."""

    client: httpx.AsyncClient
    csrf: str

    async def get(self, path: str, *, live: bool = False) -> httpx.Response:
        """Open a page, or ask for its live part alone."""
        return await self.client.get(path, headers={"X-Console-Live": "1"} if live else {})

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form of the page, as its button does."""
        return await self.client.post(
            path, data={"csrf": self.csrf, **fields}, headers={"Origin": ORIGIN}
        )


async def person(
    client: httpx.AsyncClient, container: AutowiredContainer, session: Session
) -> Person:
    """Give the client the session's cookie."""
    response = Response()
    await set_session(
        response, session, container.settings, container.use(Sealer), container.use(Clock).now()
    )
    now = container.use(Clock).now()
    await container.use(ConsoleSessions).create(record_of(session, now))
    client.headers["Cookie"] = response.headers["set-cookie"].partition(";")[0]
    return Person(client, session.csrf)


async def an_operator(client: httpx.AsyncClient, container: AutowiredContainer) -> Person:
    """Return somebody with the operator key."""
    return await person(client, container, key_session(DIGEST, container.use(Clock).now()))


async def a_viewer(client: httpx.AsyncClient, container: AutowiredContainer) -> Person:
    """Return somebody who may only look."""
    vera = Identity(GoogleSub("1"), VIEWER, email_verified=True)
    return await person(
        client, container, google_session(vera, Role.VIEWER, container.use(Clock).now())
    )


def problem_of(answer: httpx.Response) -> str | None:
    """Return the code of the error that a page shows."""
    found = PROBLEM.search(answer.text)
    return found[1] if found else None


def words(answer: httpx.Response) -> str:
    """Return what a page says, without its marks."""
    return " ".join(unescape(TAGS.sub(" ", answer.text)).split())
