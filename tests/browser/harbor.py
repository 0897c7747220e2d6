"""The sample product on a whole laptop system, and what its tests do again and again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from playwright.async_api import FrameLocator, Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.connecting import connect
from infra.local.google.settings import GoogleSettings
from infra.local.product.app import create_app, end_pages
from infra.local.product.settings import ADA, GRACE, ProductSettings
from infra.local.serving import LoopServer, address_of, listener
from infra.local.system import LocalSystem

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
PLENTY = 10_000_000
"""Quota units a minute: no test here is about waiting for quota."""


@dataclass(eq=False)
class Harbor:
    """A running product, and the Postroom and Google behind it."""

    system: LocalSystem
    url: str

    async def seed(self, email: str = ADA.email, messages: int = 0) -> None:
        await self.system.control("/mailboxes", {"email": email, "messages": messages})

    async def connect(self, email: str = ADA.email) -> str:
        """Connect without a browser; answer the connection id."""
        id = await connect(self.system.client, self.system.google, email)
        await self.system.settle()
        return id

    async def deliver(self, message: EmailMessage, email: str = ADA.email) -> None:
        answer = await self.system.google.post(
            f"/_control/mailboxes/{email}/messages", content=bytes(message)
        )
        answer.raise_for_status()

    async def connections(self) -> list[str]:
        answer = await self.system.client.get("/connections")
        return [one["email"] for one in answer.json()["connections"]]

    def newest(self, email: str) -> bytes:
        """Return the newest message of an emulated mailbox as it was stored."""
        store = self.system.emulated.store
        id = int(store.messages(email)[0]["id"], 16)
        found = store.message(email, id)
        assert found is not None
        return store.raw(found.row)


@asynccontextmanager
async def running_harbor(folder: Path) -> AsyncIterator[Harbor]:
    """Start everything on free ports, in this event loop."""
    bound = listener()
    url = address_of(bound)
    environ = {
        "POSTROOM_PRODUCT_ORIGINS": url,
        "POSTROOM_UNITS_PER_MINUTE": str(PLENTY),
    }
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(folder, environ=environ, google=google) as system:
        settings = ProductSettings(
            postroom=system.url,
            google_control=system.google_server.address,
            state=folder / "harbor.sqlite",
            people=(ADA, GRACE),
            look_every_s=0.1,
        )
        app = create_app(settings)
        server = LoopServer(app, bound)
        await server.open()
        try:
            yield Harbor(system, url)
        finally:
            end_pages(app)
            await server.close()


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[str]]]:
    """Serve pictures to whoever asks; answer the address, and the list of paths asked for."""
    heard: list[str] = []

    async def picture(request: Request) -> Response:
        heard.append(request.url.path)
        return Response(PICTURE, media_type="image/svg+xml")

    bound = listener()
    server = LoopServer(Starlette(routes=[Route("/{path:path}", picture)]), bound)
    await server.open()
    yield address_of(bound), heard
    await server.close()


def connect_page(page: Page) -> FrameLocator:
    """Return the connect page inside Harbor's page."""
    return page.frame_locator("#connect-frame")


async def google_window(page: Page, start: Locator) -> Page:
    """Click what leads to Google; answer the window that opens."""
    async with page.expect_popup() as popup:
        await start.click()
    return await popup.value


async def allow(google: Page, email: str = ADA.email) -> None:
    """Choose the account on Google's consent screen, and allow."""
    await google.locator(f'input[name="email"][value="{email}"]').check()
    await google.get_by_role("button", name="Allow").click()


async def loaded(page: Page) -> None:
    """Wait until every open HTML message has loaded whatever it may load."""
    await expect(page.locator(".mail-frame:not([style*='height'])")).to_have_count(0)


def mail(subject: str, text: str, *, sender: str = GRACE.email) -> EmailMessage:
    """Return a mail to Ada."""
    message = EmailMessage()
    message["From"] = f"Grace Murray <{sender}>"
    message["To"] = ADA.email
    message["Subject"] = subject
    message["Message-ID"] = "<tea@acme.example>"
    message.set_content(text)
    return message
