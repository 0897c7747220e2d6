"""One deployment, one emulated Google and browsers, all in this process."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from starlette.applications import Starlette

from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings
from infra.local.loopback import loopback_client
from shared.adapters.keys.local import create_keyring
from shared.adapters.sqlite.queue import SqliteQueue
from shared.adapters.system_clock import AdjustableClock
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.edge.table import api_routes, oauth_callback_routes
from shared.edge.web.app import build_app
from shared.ports.clock import Clock
from shared.ports.queue import Queue, QueueName
from tests.conformity import check_answer
from tests.harness import samples
from tests.harness.google import Harness
from tests.harness.samples import API_KEY

PUBLIC = "http://127.0.0.1:8080"
GOOGLE = "http://127.0.0.1:8085"
PRODUCT = "http://127.0.0.1:8090"
QUOTA = 10_000_000
ADA = "ada@demo.example"
BEN = "ben@demo.example"
ANCHOR = re.compile(r'<a[^>]+href="(/oauth/start[^"]+)"')
FORM = re.compile(r'<form method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def environ(folder: Path) -> dict[str, str]:
    return {
        **samples.environ(folder),
        "POSTROOM_PRODUCT_NAME": "Acme",
        "POSTROOM_UNITS_PER_MINUTE": str(QUOTA),
    }


@dataclass
class Requests:
    """Counts what the deployment asks of Google, as `METHOD path`."""

    seen: list[str] = field(default_factory=list)

    async def note(self, request: httpx.Request) -> None:
        kind = parse_qs(request.content.decode("latin-1")).get("grant_type", [""])[0]
        self.seen.append(f"{request.method} {request.url.path} {kind}".strip())

    def count(self, call: str) -> int:
        return self.seen.count(call)


class ConnectHarness(Harness):
    """Everything a test of connecting may do and look at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        create_keyring(folder / "keyring.json")
        self.clock = AdjustableClock()
        self.requests = Requests()
        self.serve_google()
        self.container = self.instance()
        self.app = self.serve(self.container)
        self.api = self._client(follow_redirects=False)
        self.api.headers["Authorization"] = f"Bearer {API_KEY}"
        self._opened = [self.api]

    def serve_google(self, **settings: Any) -> None:
        """Begin with a Google of these settings that knows nobody."""
        self.google_app = create_app(
            GoogleSettings(push_endpoint=None, units_per_minute=QUOTA, **settings)
        )
        self.google = self.google_app.state.google
        self.control = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.google_app), base_url=f"{GOOGLE}/_control"
        )

    def instance(self) -> AutowiredContainer:
        """Return a further instance of the deployment over the same store."""
        container = AutowiredContainer(settings_from(environ(self.folder)))
        container.bind(Clock, self.clock)
        container.bind(
            httpx.AsyncClient,
            httpx.AsyncClient(
                transport=httpx.ASGITransport(self.google_app),
                event_hooks={"request": [self.requests.note]},
            ),
        )
        return container

    def serve(self, container: AutowiredContainer) -> Starlette:
        """Return the app of an instance."""
        return build_app("api", (*api_routes(), *oauth_callback_routes()), container)

    def browser(self, app: Starlette | None = None) -> httpx.AsyncClient:
        """Return a browser that keeps cookies and follows redirects, without JavaScript."""
        made = self._client(follow_redirects=True, app=app)
        self._opened.append(made)
        return made

    def _client(self, *, follow_redirects: bool, app: Starlette | None = None) -> httpx.AsyncClient:
        mounts = {
            PUBLIC: httpx.ASGITransport(app or self.app),
            GOOGLE: httpx.ASGITransport(self.google_app),
        }
        return loopback_client(
            base_url=PUBLIC,
            mounts=mounts,
            follow_redirects=follow_redirects,
            event_hooks={"response": [_described]},
        )

    async def close(self) -> None:
        for client in self._opened:
            await client.aclose()
        await self.control.aclose()
        await self.container.close()
        self.google.close()

    async def mailbox(self, email: str) -> str:
        (await self.control.post("/mailboxes", json={"email": email})).raise_for_status()
        return email

    async def will_approve(self, email: str, scopes: list[str] | None = None) -> None:
        body: dict[str, Any] = {"email": email, "decision": "approve"}
        if scopes is not None:
            body["scopes"] = scopes
        (await self.control.post("/consent", json=body)).raise_for_status()

    async def will_deny(self, email: str) -> None:
        body = {"email": email, "decision": "deny"}
        (await self.control.post("/consent", json=body)).raise_for_status()

    async def session(self, path: str = "/connect/sessions", **body: Any) -> dict[str, str]:
        answer = await self.api.post(path, json=body)
        assert answer.status_code == 201, answer.text
        data: dict[str, str] = answer.json()["data"]
        return data

    async def session_for(self, email: str, **more: Any) -> dict[str, str]:
        tags = {"end_user_id": email.partition("@")[0], "end_user_email": email}
        return await self.session(tags=tags, allowed_integrations=["google-mail"], **more)

    async def reconnect_session(self, connection_id: str) -> dict[str, str]:
        return await self.session(
            "/connect/sessions/reconnect",
            connection_id=connection_id,
            integration_id="google-mail",
        )

    async def look(self, token: str) -> dict[str, Any]:
        """Return what the connect page learns by polling."""
        answer = await self.api.get(
            "/connect/session", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def ticket(self, token: str) -> str:
        answer = await self.api.post(
            "/connect/session/ticket", headers={"Authorization": f"Bearer {token}"}
        )
        return str(answer.json()["data"]["ticket"])

    async def connect(self, email: str, **more: Any) -> ConnectionId:
        """Connect a mailbox for the end user of that very address; answer the connection."""
        await self.mailbox(email)
        opened = await self.session_for(email, **more)
        await self.will_approve(email)
        await follow(self.browser(), opened["connect_link"])
        return ConnectionId((await self.look(opened["token"]))["connection_id"])

    async def tasks(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the tasks that are waiting, as path and body, taking them."""
        queue = self.container.use(Queue)
        assert isinstance(queue, SqliteQueue)
        found = []
        for name in QueueName:
            found += [(one.task.path, one.task.body) for one in queue.claim(name, 100)]
        return found


async def _described(response: httpx.Response) -> None:
    """Hold what the deployment answers to its description; Google has one of its own."""
    if str(response.request.url).startswith(PUBLIC):
        await check_answer(response)


async def follow(browser: httpx.AsyncClient, link: str) -> httpx.Response:
    """Open a connect link and press the button that leads to Google."""
    page = await browser.get(link)
    found = ANCHOR.search(page.text)
    assert found, page.text
    return await browser.get(urljoin(PUBLIC, unescape(found[1])))


async def press(browser: httpx.AsyncClient, page: httpx.Response, index: int) -> httpx.Response:
    """Submit the page's form number `index` with its hidden fields."""
    action, inside = FORM.findall(page.text)[index]
    fields = {name: unescape(value) for name, value in HIDDEN.findall(inside)}
    return await browser.post(urljoin(PUBLIC, action), data=fields)


async def google_answer(browser: httpx.AsyncClient, start: str) -> str:
    """Start consent and answer the address Google redirects to, without going there."""
    browser.follow_redirects = False
    to_google = await browser.get(start)
    assert to_google.status_code == 303, to_google.text
    back = await browser.get(to_google.headers["location"])
    browser.follow_redirects = True
    assert back.status_code == 302, back.text
    return str(back.headers["location"])


def outcome(page: httpx.Response) -> str:
    """Return the code of an outcome page."""
    found = re.search(r'data-outcome="(\w+)"', page.text)
    assert found, page.text
    return found[1]


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
