"""Every way a consent can go wrong, in a real browser, in the iframe and by the link alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.conftest import QUIET, TIMEOUT_MS
from tests.browser.connecting import Site, elsewhere, running_site
from tests.browser.test_connect_page import allow_at_google
from tests.harness.connecting import ADA, BEN

pytestmark = pytest.mark.browser
Mode = Literal["iframe", "link"]
both_modes = pytest.mark.parametrize("mode", ["iframe", "link"])
READ_AND_SEND = {"integrations_config_defaults": {"google-mail": {"user_scopes": "read send"}}}


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as built:
        yield built


@dataclass
class Visit:
    """An end user on the way to Google, in one of the modes."""

    mode: Mode
    site: Site
    context: BrowserContext
    page: Page

    async def to_google(self) -> Page:
        """Press the button; answer the page on which Google asks."""
        if self.mode == "link":
            await self.page.get_by_role("link", name="Continue with Google").click()
            return self.page
        frame = self.page.frame_locator("#connect-ui")
        async with self.page.expect_popup() as popup:
            await frame.get_by_role("button", name="Continue with Google").click()
        return await popup.value

    async def reads(self, heading: str) -> None:
        """Expect the heading where the end user looks."""
        if self.mode == "link":
            await expect(self.page.get_by_role("heading")).to_have_text(heading)
        else:
            frame = self.page.frame_locator("#connect-ui")
            await expect(frame.get_by_role("heading")).to_have_text(heading)

    async def told(self, kind: str) -> bool:
        """Whether the product was sent an event of this kind; by the link nobody is told."""
        if self.mode == "link":
            return True
        found: bool = await self.page.evaluate(
            "(kind) => window.events.some((event) => event.type === kind)", kind
        )
        return found


async def visit(mode: Mode, site: Site, browser: Browser, session: dict[str, str]) -> Visit:
    if mode == "iframe":
        page = await site.open_frame(browser, session["token"])
        return Visit(mode, site, page.context, page)
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(session["connect_link"])
    return Visit(mode, site, context, page)


async def connected_emails(site: Site) -> list[str]:
    return [one["email"] for one in (await site.api.get("/connections")).json()["connections"]]


@both_modes
async def test_a_denial_says_so_and_can_be_taken_back(
    site: Site, browser: Browser, mode: Mode
) -> None:
    seen = await visit(mode, site, browser, await site.session())
    window = await seen.to_google()
    await window.locator('button:not([value="allow"])').first.click()
    await seen.reads("Access was not allowed")
    assert await seen.told("error")
    assert await connected_emails(site) == []
    await window.get_by_role("link", name="Try again").click()
    await allow_at_google(window)
    await seen.reads("Gmail is connected")


@both_modes
async def test_an_unticked_scope_is_named_and_asked_for_again(
    site: Site, browser: Browser, mode: Mode
) -> None:
    seen = await visit(mode, site, browser, await site.session(**READ_AND_SEND))
    window = await seen.to_google()
    await window.locator('input[type="checkbox"][value*="gmail.send"]').uncheck()
    await allow_at_google(window)
    await seen.reads("One permission is missing")
    await expect(window.get_by_text("Send mail as you")).to_be_visible()
    await expect(window.get_by_text("Read your mail and its settings")).to_have_count(0)
    assert await seen.told("error")
    assert await connected_emails(site) == []
    await window.get_by_role("link", name="Try again").click()
    await allow_at_google(window)
    await seen.reads("Gmail is connected")


@both_modes
async def test_another_account_cannot_take_a_connection_over(
    site: Site, browser: Browser, mode: Mode
) -> None:
    first = await visit("link", site, browser, await site.session())
    await allow_at_google(await first.to_google())
    await first.reads("Gmail is connected")
    (before,) = (await site.api.get("/connections")).json()["connections"]
    answer = await site.api.post(
        "/connect/sessions/reconnect",
        json={"connection_id": before["connection_id"], "integration_id": "google-mail"},
    )
    seen = await visit(mode, site, browser, answer.json()["data"])
    window = await seen.to_google()
    await allow_at_google(window, BEN)
    await seen.reads("That is another Google account")
    assert await seen.told("error")
    assert await connected_emails(site) == [ADA]
    await window.get_by_role("link", name="Try again").click()
    await allow_at_google(window, ADA)
    await seen.reads("Gmail is connected again")
    (after,) = (await site.api.get("/connections")).json()["connections"]
    assert after["connection_id"] == before["connection_id"]


@both_modes
async def test_a_window_closed_at_google_leaves_the_way_open(
    site: Site, browser: Browser, mode: Mode
) -> None:
    session = await site.session()
    seen = await visit(mode, site, browser, session)
    window = await seen.to_google()
    if mode == "iframe":
        await window.close()
        await seen.reads("Continue in the Google window")
        assert not await seen.told("close")
        frame = seen.page.frame_locator("#connect-ui")
        async with seen.page.expect_popup() as popup:
            await frame.get_by_role("button", name="Open the window again").click()
        window = await popup.value
    else:
        seen.page = window = await seen.context.new_page()
        await window.goto(session["connect_link"])
        window = await seen.to_google()
    await allow_at_google(window)
    await seen.reads("Gmail is connected")
    assert await connected_emails(site) == [ADA]


@asynccontextmanager
async def strict_browser(chromium: str) -> AsyncIterator[Browser]:
    """Return a browser that keeps no cookie of a frame from another site."""
    expect.set_options(timeout=TIMEOUT_MS)
    arguments = [*QUIET.split(), "--test-third-party-cookie-phaseout"]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield launched
        await launched.close()


async def test_a_partitioned_iframe_connects_all_the_same(site: Site, chromium: str) -> None:
    """The product is another site (localhost), and its frames get no cookies of ours at all."""
    async with strict_browser(chromium) as browser:
        session = await site.session()
        page = await site.open_frame(browser, session["token"], product=elsewhere(site.product))
        seen = Visit("iframe", site, page.context, page)
        await allow_at_google(await seen.to_google())
        await seen.reads("Gmail is connected")
        assert await seen.told("connect")
        assert await connected_emails(site) == [ADA]


async def test_a_stranger_around_the_product_cannot_frame_it_either(
    site: Site, browser: Browser
) -> None:
    """Every ancestor must be the product: a frame around its page is a stranger's as well."""
    session = await site.session()
    page = await (await browser.new_context()).new_page()
    await page.goto(site.stranger)
    await page.evaluate(
        "(address) => { const f = document.createElement('iframe'); f.src = address;"
        " document.body.append(f); }",
        site.product,
    )
    product = page.frame_locator("iframe").locator("body")
    await expect(product).to_be_attached()
    inner = page.frames[1]
    await inner.wait_for_function("window.openConnect !== undefined")
    await inner.evaluate("([b, t]) => openConnect(b, t)", [site.postroom, session["token"]])
    await page.wait_for_load_state("networkidle")
    assert await inner.evaluate("window.events") == []
    assert (await site.api.get("/connections")).json()["connections"] == []


async def test_a_blocked_window_becomes_a_link(site: Site, browser: Browser) -> None:
    session = await site.session()
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.add_init_script("window.open = () => null")
    await page.goto(site.product)
    await page.evaluate("([b, t]) => openConnect(b, t)", [site.postroom, session["token"]])
    seen = Visit("iframe", site, page.context, page)
    frame = page.frame_locator("#connect-ui")
    await frame.get_by_role("button", name="Continue with Google").click()
    async with page.expect_popup() as popup:
        await frame.get_by_role("link", name="Open the window again").click()
    await allow_at_google(await popup.value)
    await seen.reads("Gmail is connected")


async def test_a_keyboard_is_enough_and_never_leaves_the_dialog(
    site: Site, browser: Browser
) -> None:
    """The dialog is named, its changes are announced, and Tab goes round inside it."""
    page = await site.open_frame(browser, (await site.session())["token"])
    dialog = page.frame_locator("#connect-ui").get_by_role("dialog")
    await expect(dialog).to_have_accessible_name("Connect your Gmail to Acme")
    await expect(dialog.locator("[aria-live=polite]")).to_have_count(1)
    start = dialog.get_by_role("button", name="Continue with Google")
    await expect(start).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(start).to_be_focused()
    async with page.expect_popup() as popup:
        await page.keyboard.press("Enter")
    await allow_at_google(await popup.value)
    done = dialog.get_by_role("button", name="Done")
    await expect(done).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#connect-ui")).to_have_count(0)
