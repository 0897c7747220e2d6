"""A deployment, an emulated Google and two products, each on a port of its own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import httpx
from playwright.async_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings
from infra.local.loopback import loopback_client
from infra.local.serving import LoopServer, address_of, listener
from shared.adapters.keys.local import create_keyring
from shared.adapters.system_clock import AdjustableClock
from shared.edge.composition.container import AutowiredContainer
from shared.edge.connect.headless import headless_socket
from shared.edge.settings.deployment import settings_from
from shared.edge.table import api_routes, oauth_callback_routes
from shared.edge.web.app import build_app
from shared.ports.clock import Clock
from tests.harness.connecting import ADA, BEN, environ
from tests.harness.samples import API_KEY

PRODUCT = """<!doctype html><title>Product</title><link rel="icon" href="data:,"><body><script>
window.events = [];
window.openConnect = (base, token, query = "") => {
  const frame = document.createElement("iframe");
  frame.src = `${base}/connect-ui/?apiURL=${encodeURIComponent("http://elsewhere.example")}${query}`;
  frame.id = "connect-ui";
  frame.style = "position:fixed;inset:0;width:100%;height:100%;border:0";
  document.body.append(frame);
  addEventListener("message", (event) => {
    if (event.origin !== new URL(base).origin) return;
    window.events.push(event.data);
    if (event.data.type === "ready") {
      frame.contentWindow.postMessage({ type: "session_token", sessionToken: token }, "*");
    }
    if (event.data.type === "close") frame.remove();
  });
};
</script></body>"""


@dataclass
class Site:
    """Addresses, and a client for the product's backend."""

    postroom: str
    google: str
    product: str
    stranger: str
    api: httpx.AsyncClient
    clock: AdjustableClock

    async def advance(self, time: timedelta) -> None:
        """Let time pass, here and at Google."""
        self.clock.advance(time)
        seconds = {"advance_s": time.total_seconds()}
        (await self.api.post(f"{self.google}/_control/clock", json=seconds)).raise_for_status()

    async def session(self, **body: object) -> dict[str, str]:
        tags = {"end_user_id": "ada", "end_user_email": ADA}
        answer = await self.api.post("/connect/sessions", json={"tags": tags, **body})
        answer.raise_for_status()
        data: dict[str, str] = answer.json()["data"]
        return data

    async def open_frame(
        self, browser: Browser, token: str, *, product: str | None = None, query: str = ""
    ) -> Page:
        """Return a page of the product that has opened the connect page in an iframe."""
        page = await (await browser.new_context(locale="en-GB")).new_page()
        await page.goto(product or self.product)
        await page.evaluate("([b, t, q]) => openConnect(b, t, q)", [self.postroom, token, query])
        return page


def elsewhere(address: str) -> str:
    """Return the same address under a name that makes it another site to a browser."""
    return address.replace("127.0.0.1", "localhost")


@asynccontextmanager
async def running_site(
    folder: Path,
    *,
    product: Starlette | None = None,
    origins: str | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Site]:
    """Start everything on free ports of 127.0.0.1; `product` replaces the plain one.

    `origins` may show the connect page instead of the product alone; `more` are settings besides.
    """
    create_keyring(folder / "keyring.json")
    async with AsyncExitStack() as opened:
        sockets = [listener() for _ in range(4)]
        postroom, google, shop, stranger = (address_of(one) for one in sockets)
        settings = settings_from(
            {
                **environ(folder),
                "POSTROOM_PUBLIC_URL": postroom,
                "POSTROOM_GOOGLE_URL": google,
                "POSTROOM_PRODUCT_ORIGINS": origins or f"{shop},{elsewhere(shop)}",
                **more,
            }
        )
        container = AutowiredContainer(settings)
        clock = AdjustableClock()
        container.bind(Clock, clock)
        opened.push_async_callback(container.close)
        plain = Starlette(routes=[Route("/", lambda _: HTMLResponse(PRODUCT))])
        apps = [
            build_app(
                "api",
                (*api_routes(), *oauth_callback_routes()),
                container,
                (headless_socket(container),),
            ),
            create_app(
                GoogleSettings(push_endpoint=None, redirect_uris=(f"{postroom}/oauth/callback",))
            ),
            product or plain,
            plain,
        ]
        for app, bound in zip(apps, sockets, strict=True):
            server = LoopServer(app, bound)
            await server.open()
            opened.push_async_callback(server.close)
        api = await opened.enter_async_context(
            loopback_client(base_url=postroom, headers={"Authorization": f"Bearer {API_KEY}"})
        )
        for email in (ADA, BEN):
            await api.post(f"{google}/_control/mailboxes", json={"email": email})
        yield Site(postroom, google, shop, stranger, api, clock)
