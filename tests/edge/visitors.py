"""The console as people see it: an operator, a viewer and a stranger, without a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from starlette.responses import Response

from infra.local.environment import OPERATOR_KEY
from infra.local.system import LocalSystem
from shared.domain.ids import GoogleSub
from shared.edge.console_settings import Role
from shared.edge.http.app import build_app
from shared.edge.http.console.session import cookie_name, google_session, set_session
from shared.edge.http.table import console_routes
from shared.edge.wiring import Wiring
from shared.ports.oauth import Identity

KEY = "an operator key that is long enough"
VIEWER = "viewer@acme.example"
CONSOLE = {
    "POSTROOM_CONSOLE_KEYS": sha256(KEY.encode()).hexdigest(),
    "POSTROOM_CONSOLE_VIEWERS": VIEWER,
}


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser, forms and all."""

    http: httpx.AsyncClient

    async def see(self, path: str) -> HTMLParser:
        """Answer a page that must be there."""
        answer = await self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return HTMLParser(answer.text)

    async def send(
        self, path: str, *, follow: bool = True, token: str | None = None, **fields: Any
    ) -> httpx.Response:
        """Post a form with the session's token; by default go where the answer leads."""
        names = {name.replace("__", "."): value for name, value in fields.items()}
        return await self.http.post(
            path,
            data={"csrf": await self.token() if token is None else token, **names},
            headers={"Origin": str(self.http.base_url).rstrip("/")},
            follow_redirects=follow,
        )

    async def token(self) -> str:
        """Answer the CSRF token that every page carries."""
        page = await self.see("/console/deliveries")
        found = page.css_first("input[name=csrf]")
        assert found is not None
        return str(found.attributes["value"])


def texts(page: HTMLParser, selector: str) -> list[str]:
    """Answer what stands in each of the elements, its blanks folded."""
    return [" ".join(found.text().split()) for found in page.css(selector)]


@asynccontextmanager
async def visiting(wiring: Wiring, role: Role | None) -> AsyncIterator[Visitor]:
    """Answer somebody signed in with this role, None a stranger."""
    app = build_app("console", console_routes(), wiring)
    transport = httpx.ASGITransport(app)
    address = wiring.settings.console_url
    async with httpx.AsyncClient(transport=transport, base_url=address) as http:
        if role is Role.OPERATOR:
            await http.post("/console/sign-in", data={"key": KEY}, headers={"Origin": address})
        if role is Role.VIEWER:
            await _let_in(http, wiring)
        yield Visitor(http)


async def _let_in(http: httpx.AsyncClient, wiring: Wiring) -> None:
    now = wiring.clock.now()
    person = Identity(GoogleSub("1"), VIEWER, True, None)  # noqa: FBT003  a verified address
    response = Response()
    session = google_session(person, Role.VIEWER, now - timedelta(minutes=1))
    await set_session(response, session, wiring.settings, wiring.sealer, now)
    name = cookie_name(wiring.settings)
    value = response.headers["set-cookie"].partition("=")[2].partition(";")[0]
    http.cookies.set(name, value.strip('"'), domain="127.0.0.1")


@asynccontextmanager
async def at_console(system: LocalSystem) -> AsyncIterator[Visitor]:
    """Answer an operator of a whole laptop system."""
    async with httpx.AsyncClient(base_url=system.url, timeout=60) as http:
        await http.post(
            "/console/sign-in", data={"key": OPERATOR_KEY}, headers={"Origin": system.url}
        )
        yield Visitor(http)
