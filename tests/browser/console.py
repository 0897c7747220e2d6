"""The console of a whole laptop system, and how its tests get in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from infra.local.connecting import connect
from infra.local.environment import OPERATOR_KEY
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from shared.domain.ids import ConnectionId, HistoryId
from shared.ports.clock import Clock
from shared.ports.sync_store import Quarantine, SyncStates
from tests.browser.accessibility import WIDE, Scheme

UNITS_PER_MINUTE = 60_000
"""Ten times Google's: no test here is about waiting for quota."""
ADA, GRACE, STRANGER = "ada@acme.example", "grace@acme.example", "mallory@else.example"
A_WHILE = timedelta(minutes=5)


@dataclass(eq=False)
class Console:
    """A running Postroom whose console is under test."""

    system: LocalSystem

    @property
    def url(self) -> str:
        return f"{self.system.url}/console"

    async def connect(self, email: str = GRACE, messages: int = 0, *, settled: bool = True) -> str:
        """Make up a mailbox and connect it; answer the connection id, by default its mail read."""
        await self.system.control("/mailboxes", {"email": email, "messages": messages})
        id = await connect(self.system.client, self.system.google, email)
        if settled:
            await self.system.settle()
        return id

    async def deliver(self, subject: str, email: str = GRACE) -> str:
        """Bring a mail to the mailbox, as the outside world does; answer its Gmail id."""
        raw = f"From: Bo <bo@example.org>\r\nTo: {email}\r\nSubject: {subject}\r\n\r\nHello."
        answer = await self.system.google.post(
            f"/_control/mailboxes/{email}/messages", content=raw.encode()
        )
        answer.raise_for_status()
        return str(self.system.emulated.store.messages(email)[0]["id"])

    async def set_aside(self, subject: str, connection_id: str, email: str = GRACE) -> str:
        """Bring a mail that Gmail will not hand out for a while; answer its Gmail id.

        It waits in quarantine for longer than a test takes, and then Gmail is well again.
        """
        await self.system.control("/faults", {"fault": "fresh_404"})
        id = await self.deliver(subject, email)
        await self.system.settle()
        while (wait := await self._wait(connection_id, id)) < A_WHILE:
            await self.system.advance(wait.total_seconds() + 1)
            await self.system.settle()
        await self.system.google.delete("/_control/faults")
        return id

    async def _wait(self, connection_id: str, id: str) -> timedelta:
        container = self.system.container
        (entry,) = await container.use(Quarantine).list(ConnectionId(connection_id), 9)
        assert entry.message_id == id
        return max(timedelta(), entry.retry_at - container.use(Clock).now())

    async def lose(self, subject: str, connection_id: str, email: str = GRACE) -> str:
        """Bring a mail that Postroom is made to step over; answer its Gmail id."""
        states = self.system.container.use(SyncStates)
        raw = f"From: Bo <bo@example.org>\r\nSubject: {subject}\r\n\r\nHello.".encode()
        stored = self.system.emulated.store.deliver(email, raw)
        was = await states.get(connection_id)
        assert was is not None
        await states.swap(was, replace(was.value, checkpoint=HistoryId(int(stored.history_id))))
        await self.system.settle()
        return stored.id

    async def window(
        self,
        browser: Browser,
        *,
        scheme: Scheme = "light",
        size: tuple[int, int] = WIDE,
        scripts: bool = True,
    ) -> Page:
        """Return a page of a browser that knows nobody yet."""
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            locale="en-GB",
            java_script_enabled=scripts,
        )
        return await context.new_page()

    async def operator(
        self,
        browser: Browser,
        *,
        scheme: Scheme = "light",
        size: tuple[int, int] = WIDE,
        scripts: bool = True,
    ) -> Page:
        """Return a page of somebody who has signed in with the operator key."""
        page = await self.window(browser, scheme=scheme, size=size, scripts=scripts)
        await page.goto(self.url)
        await page.get_by_label("Operator key").fill(OPERATOR_KEY)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Connections")).to_be_visible()
        return page

    async def viewer(self, browser: Browser) -> Page:
        """Return a page of somebody who has signed in with Google and may only look."""
        await self.system.control("/mailboxes", {"email": ADA})
        page = await self.window(browser)
        await self.ask_google(page, ADA)
        await expect(page.get_by_role("heading", name="Connections")).to_be_visible()
        return page

    async def ask_google(self, page: Page, email: str) -> None:
        """Sign in with Google as the account given."""
        await self.system.control("/consent", {"email": email, "decision": "approve"})
        await page.goto(self.url)
        await page.get_by_role("link", name="Sign in with Google").click()


@asynccontextmanager
async def running_console(folder: Path) -> AsyncIterator[Console]:
    """Start everything on free ports, in this event loop."""
    environ = {"POSTROOM_UNITS_PER_MINUTE": str(UNITS_PER_MINUTE)}
    google = GoogleSettings(units_per_minute=2 * UNITS_PER_MINUTE)
    async with LocalSystem.start(folder, environ=environ, google=google) as system:
        yield Console(system)
