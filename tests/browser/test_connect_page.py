"""The connect page in a real browser: in a product's iframe, and as a link."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.connecting import Site, elsewhere, running_site
from tests.harness.connecting import ADA, BEN

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as built:
        yield built


async def allow_at_google(popup: Page, email: str = ADA) -> None:
    """Choose the account and press Allow on the emulated consent screen."""
    allow = popup.locator('button[value="allow"]')
    await allow.wait_for()  # Counting does not wait for the page.
    choice = popup.locator(f'input[name="email"][value="{email}"]')
    if await choice.count():
        await choice.check()
    await allow.click()


async def types_of(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("window.events.map((event) => event.type)")
    return found


async def test_a_product_connects_a_mailbox_in_its_iframe(site: Site, browser: Browser) -> None:
    opened = await site.session()
    page = await site.open_frame(browser, opened["token"])
    frame = page.frame_locator("#connect-ui")
    await expect(frame.get_by_role("heading")).to_have_text("Connect your Gmail to Acme")
    await expect(frame.get_by_text(f"You are connecting as {ADA}.")).to_be_visible()
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await allow_at_google(await popup.value)
    await expect(frame.get_by_role("heading")).to_have_text("Gmail is connected")
    event = await page.evaluate("window.events.find((event) => event.type === 'connect')")
    connections = (await site.api.get("/connections")).json()["connections"]
    assert event["payload"] == {
        "providerConfigKey": "google-mail",
        "connectionId": connections[0]["connection_id"],
    }
    await frame.get_by_role("button", name="Done").click()
    await expect(page.locator("#connect-ui")).to_have_count(0)
    assert (await types_of(page))[-1] == "close"


async def test_a_denial_is_told_and_can_be_taken_back(site: Site, browser: Browser) -> None:
    opened = await site.session()
    page = await site.open_frame(browser, opened["token"])
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    window = await popup.value
    await window.locator('button:not([value="allow"])').first.click()
    await expect(frame.get_by_role("heading")).to_have_text("Access was not allowed")
    assert "error" in await types_of(page)
    await window.get_by_role("link", name="Try again").click()
    await allow_at_google(window)
    await expect(frame.get_by_role("heading")).to_have_text("Gmail is connected")


async def test_a_closed_window_is_no_answer(site: Site, browser: Browser) -> None:
    opened = await site.session()
    page = await site.open_frame(browser, opened["token"])
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await (await popup.value).close()
    await expect(frame.get_by_role("heading")).to_have_text("Continue in the Google window")
    async with page.expect_popup() as again:
        await frame.get_by_role("button", name="Open the window again").click()
    await allow_at_google(await again.value)
    await expect(frame.get_by_role("heading")).to_have_text("Gmail is connected")
    assert "close" not in await types_of(page)


async def test_a_stranger_cannot_frame_the_page(site: Site, browser: Browser) -> None:
    opened = await site.session()
    page = await site.open_frame(browser, opened["token"], product=site.stranger)
    await page.wait_for_load_state("networkidle")
    assert await types_of(page) == []
    said = page.frame_locator("#connect-ui").get_by_role("main")
    await expect(said).to_contain_text(f"{site.stranger} is not among the addresses of Acme.")
    assert await page.frames[1].locator("script").count() == 0


async def test_a_page_of_any_local_port_may_show_it_where_the_setting_says_so(
    tmp_path: Path, browser: Browser
) -> None:
    async with running_site(tmp_path, origins="http://localhost:*") as site:
        opened = await site.session()
        page = await site.open_frame(browser, opened["token"], product=elsewhere(site.stranger))
        frame = page.frame_locator("#connect-ui")
        await expect(frame.get_by_role("heading")).to_have_text("Connect your Gmail to Acme")
        refused = await site.open_frame(browser, opened["token"], product=site.stranger)
        said = refused.frame_locator("#connect-ui").get_by_role("main")
        await expect(said).to_contain_text(f"{site.stranger} is not among the addresses")
        assert await types_of(refused) == []


async def test_a_token_from_a_foreign_window_is_ignored(site: Site, browser: Browser) -> None:
    """Another window than the parent may hold a reference; its messages count for nothing."""
    opened = await site.session()
    page = await site.open_frame(browser, "")
    frame = page.frame_locator("#connect-ui")
    await expect(frame.get_by_text("Waiting for Acme")).to_be_visible()
    async with page.expect_popup() as popup:
        await page.evaluate("(address) => { window.open(address) }", site.stranger)
    stranger = await popup.value
    await stranger.evaluate(
        "(message) => opener.frames[0].postMessage(message, '*')",
        {"type": "session_token", "sessionToken": opened["token"]},
    )
    await page.wait_for_load_state("networkidle")
    await expect(frame.get_by_text("Waiting for Acme")).to_be_visible()


async def test_a_success_is_still_one_when_it_is_reloaded(site: Site, browser: Browser) -> None:
    opened = await site.session()
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(opened["connect_link"])
    await page.get_by_role("link", name="Continue with Google").click()
    await allow_at_google(page)
    await expect(page.get_by_role("heading")).to_have_text("Gmail is connected")
    await expect(page).to_have_url(re.compile(r"/oauth/callback\?state=[\w-]+$"))
    await page.reload()
    await expect(page.get_by_role("heading")).to_have_text("Gmail is connected")


async def test_the_link_asks_before_it_binds_another_address(site: Site, browser: Browser) -> None:
    opened = await site.session()
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(opened["connect_link"])
    await page.get_by_role("link", name="Continue with Google").click()
    await page.locator(f'[value="{BEN}"]').first.check()
    await page.locator('button[value="allow"]').click()
    await expect(page.get_by_role("heading")).to_have_text("Is this the right mailbox?")
    await page.get_by_role("button", name=f"Yes, connect {BEN}").click()
    await expect(page.get_by_role("heading")).to_have_text("Gmail is connected")


async def test_the_page_speaks_the_asked_language_and_fits_a_narrow_screen(
    site: Site, browser: Browser
) -> None:
    opened = await site.session()
    page = await site.open_frame(browser, opened["token"], query="&lang=de&theme=dark")
    await page.set_viewport_size({"width": 320, "height": 480})
    frame = page.frame_locator("#connect-ui")
    await expect(frame.get_by_role("heading")).to_have_text("Verbinden Sie Ihr Gmail mit Acme")
    overflow = await page.frames[1].evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow == 0
    await page.keyboard.press("Escape")
    await expect(page.locator("#connect-ui")).to_have_count(0)
