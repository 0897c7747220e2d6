"""The connect page in products that isolate themselves, in windows that get lost, in two tabs."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FrameLocator, Page, expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from shared.domain.connect.connect_session import SESSION_LIFETIME
from tests.browser.connecting import PRODUCT, Site, elsewhere, running_site
from tests.browser.test_connect_page import allow_at_google, types_of
from tests.harness.connecting import ADA

pytestmark = pytest.mark.browser
COOP = {"Cross-Origin-Opener-Policy": "same-origin"}
COEP = {"Cross-Origin-Embedder-Policy": "require-corp"}
A_WHILE = timedelta(minutes=10)
BLOCKED = "window.open = () => null"
ISOLATIONS = {
    "COOP": COOP,
    "COEP": COEP,
    "both": {**COOP, **COEP},
    "popups": {"Cross-Origin-Opener-Policy": "same-origin-allow-popups"},
}


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """Return a site whose product sends the headers that the test is given, if any."""
    headers = ISOLATIONS.get(getattr(request, "param", ""), {})
    page = Route("/", lambda _: HTMLResponse(PRODUCT, headers=headers))
    async with running_site(tmp_path, product=Starlette(routes=[page])) as built:
        yield built


async def frame_of(page: Page, heading: str) -> FrameLocator:
    """Return the connect page in the product's frame, once it says this."""
    frame = page.frame_locator("#connect-ui")
    await expect(frame.get_by_role("heading")).to_have_text(heading)
    return frame


async def press(page: Page, frame: FrameLocator, name: str, role: str = "button") -> Page:
    """Press a button that opens a window; return the window once Google asks in it.

    Under COOP nothing ties it to the page: it is one of the browser's.
    """
    async with page.context.expect_page() as opened:
        await frame.get_by_role(role, name=name).click()  # type: ignore[arg-type]
    window = await opened.value
    await window.locator('button[value="allow"]').wait_for()
    return window


async def connected_emails(site: Site) -> list[str]:
    return [one["email"] for one in (await site.api.get("/connections")).json()["connections"]]


@pytest.mark.parametrize("site", ISOLATIONS, indirect=True)
async def test_a_product_that_isolates_itself_connects_a_mailbox(
    site: Site, browser: Browser
) -> None:
    """The product is another site to the browser, as products are."""
    token = (await site.session())["token"]
    page = await site.open_frame(browser, token, product=elsewhere(site.product))
    frame = await frame_of(page, "Connect your Gmail to Acme")
    window = await press(page, frame, "Continue with Google")
    assert len(page.context.pages) == 2  # no empty window is left behind
    await allow_at_google(window)
    await frame_of(page, "Gmail is connected")
    assert "connect" in await types_of(page)
    assert await connected_emails(site) == [ADA]


@pytest.mark.parametrize("site", ISOLATIONS, indirect=True)
async def test_a_window_that_was_closed_is_opened_again_wherever_the_page_is(
    site: Site, browser: Browser
) -> None:
    token = (await site.session())["token"]
    page = await site.open_frame(browser, token, product=elsewhere(site.product))
    frame = await frame_of(page, "Connect your Gmail to Acme")
    await (await press(page, frame, "Continue with Google")).close()
    await frame_of(page, "Continue in the Google window")
    again = frame.get_by_text("Open the window again")
    role = await again.evaluate("(one) => one.tagName === 'A' ? 'link' : 'button'")
    window = await press(page, frame, "Open the window again", role)
    assert len(page.context.pages) == 2
    await window.close()
    await allow_at_google(await press(page, frame, "Open the window again", role))
    await frame_of(page, "Gmail is connected")
    assert "close" not in await types_of(page)


async def test_a_blocked_window_is_opened_by_a_link_as_often_as_it_is_wanted(
    site: Site, browser: Browser
) -> None:
    """A ticket is good once: each press brings another."""
    session = await site.session()
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.add_init_script(BLOCKED)
    await page.goto(site.product)
    await page.evaluate("([b, t]) => openConnect(b, t)", [site.postroom, session["token"]])
    frame = await frame_of(page, "Connect your Gmail to Acme")
    await frame.get_by_role("button", name="Continue with Google").click()
    await frame_of(page, "Continue in the Google window")
    await (await press(page, frame, "Open the window again", "link")).close()
    await allow_at_google(await press(page, frame, "Open the window again", "link"))
    await frame_of(page, "Gmail is connected")


async def test_two_tabs_on_one_session_end_alike(site: Site, browser: Browser) -> None:
    token = (await site.session())["token"]
    first = await site.open_frame(browser, token)
    second = await site.open_frame(browser, token)
    there = await frame_of(first, "Connect your Gmail to Acme")
    here = await frame_of(second, "Connect your Gmail to Acme")
    window = await press(first, there, "Continue with Google")
    other = await press(second, here, "Continue with Google")
    await allow_at_google(window)
    await frame_of(first, "Gmail is connected")
    await frame_of(second, "Gmail is connected")
    await allow_at_google(other)
    await expect(other.get_by_role("heading")).to_have_text("Gmail is connected already")
    assert await connected_emails(site) == [ADA]


async def test_a_tab_that_comes_late_hears_that_it_is_connected(
    site: Site, browser: Browser
) -> None:
    token = (await site.session())["token"]
    first = await site.open_frame(browser, token)
    late = await site.open_frame(browser, token)
    here = await frame_of(late, "Connect your Gmail to Acme")
    there = await frame_of(first, "Connect your Gmail to Acme")
    await allow_at_google(await press(first, there, "Continue with Google"))
    await frame_of(first, "Gmail is connected")
    await here.get_by_role("button", name="Continue with Google").click()
    await frame_of(late, "Gmail is connected")
    assert await connected_emails(site) == [ADA]


async def test_a_session_that_runs_out_at_google_ends_as_connected(
    site: Site, browser: Browser
) -> None:
    token = (await site.session())["token"]
    await site.advance(SESSION_LIFETIME - A_WHILE / 2)
    page = await site.open_frame(browser, token)
    frame = await frame_of(page, "Connect your Gmail to Acme")
    window = await press(page, frame, "Continue with Google")
    await site.advance(A_WHILE)
    await frame_of(page, "Continue in the Google window")
    await allow_at_google(window)
    await frame_of(page, "Gmail is connected")
    assert "error" not in await types_of(page)
    assert await connected_emails(site) == [ADA]
