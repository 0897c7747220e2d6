"""People at the console who read pages as a browser would and fill in their forms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from infra.local.connecting import connect
from infra.local.environment import OPERATOR_KEY
from infra.local.loopback import loopback_client
from infra.local.system import LocalSystem
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.console import Role
from shared.edge.table import console_routes
from shared.edge.web.app import build_app
from tests.edge.console.people import a_viewer, an_operator
from tests.harness.whole import whole_system

ADA, BOB = "ada@acme.example", "bob@acme.example"


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser, forms and all."""

    http: httpx.AsyncClient

    async def see(self, path: str) -> HTMLParser:
        """Return a page that must be there."""
        answer = await self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return HTMLParser(answer.text)

    async def send(self, path: str, *, token: str | None = None, **fields: Any) -> httpx.Response:
        """Post a form with the session's token and go where the answer leads.

        Two underscores in a field's name stand for a dot.
        """
        named = {name.replace("__", "."): value for name, value in fields.items()}
        return await self.http.post(
            path,
            data={"csrf": await self._token() if token is None else token, **named},
            headers={"Origin": str(self.http.base_url).rstrip("/")},
            follow_redirects=True,
        )

    async def _token(self) -> str:
        """Return the CSRF token that every page carries."""
        found = (await self.see("/console/deliveries")).css_first("input[name=csrf]")
        assert found is not None
        return str(found.attributes["value"])


def texts(page: HTMLParser, selector: str) -> list[str]:
    """Return what stands in each of the elements, its blanks folded."""
    return [" ".join(found.text().split()) for found in page.css(selector)]


@asynccontextmanager
async def visiting(container: AutowiredContainer, role: Role | None) -> AsyncIterator[Visitor]:
    """Return somebody signed in with this role, None a stranger."""
    app = build_app("console", console_routes(), container)
    address = container.settings.console_url
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address) as http:
        if role is not None:
            await (an_operator if role is Role.OPERATOR else a_viewer)(http, container)
            _keep_cookie(http)
        yield Visitor(http)


def _keep_cookie(http: httpx.AsyncClient) -> None:
    """Move the cookie from the headers, which httpx drops on a redirect, to the jar."""
    name, _, value = http.headers.pop("Cookie").partition("=")
    http.cookies.set(name, value.strip('"'))


@asynccontextmanager
async def mailbox_and_console(
    directory: Path, messages: int = 0, **environ: str
) -> AsyncIterator[tuple[LocalSystem, Visitor, str]]:
    """Return a whole system without a quota, an operator, and the id of Ada's connection."""
    async with whole_system(directory, {ADA: messages, BOB: 0}, environ) as system:
        id = await connect(system.client, system.google, ADA)
        await system.settle()
        async with at_console(system) as visitor:
            yield system, visitor, id


@asynccontextmanager
async def at_console(system: LocalSystem) -> AsyncIterator[Visitor]:
    """Return an operator of a whole laptop system."""
    async with loopback_client(base_url=system.url, timeout=60) as http:
        await http.post(
            "/console/sign-in", data={"key": OPERATOR_KEY}, headers={"Origin": system.url}
        )
        yield Visitor(http)
