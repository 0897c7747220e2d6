"""The documentation in a browser: sound in every look, found by words, read without a script."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from infra.local.system import LocalSystem
from shared.pages.docs.contents import PAGES
from tests.browser.accessibility import (
    LOOKS,
    PHONE,
    faults,
    kept_as,
    misfits,
    put_on,
    unsound,
    violations,
)
from tests.browser.conftest import Keep
from tests.browser.test_console_pages import complaints_of
from tests.harness.whole import whole_system

pytestmark = pytest.mark.browser
SHOWN = ("index", "quick-start", "records", "reference-records", "actions")
"""Pages of each kind, judged in every look by every rule, screenshots taken."""
LIGHT, DARK, NARROW, _ = LOOKS


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path_factory.mktemp("docs"), {}) as running:
        yield running


async def test_pages_are_sound_in_every_look(
    system: LocalSystem, browser: Browser, keep: Keep
) -> None:
    """Judged by axe-core; nothing is refused, and nothing comes from elsewhere."""
    page = await browser.new_page()
    heard, asked = complaints_of(page), set[str]()
    page.on("request", lambda request: asked.add(request.url.partition("/docs")[0]))
    for name in SHOWN:
        await page.goto(f"{system.url}/docs/{name}")
        assert await unsound(page, kept_as(page, keep, f"docs-{name}")) == {}, name
    assert heard == []
    assert asked <= {system.url, "data:,"}


@pytest.mark.timeout(300)
async def test_every_other_page_is_sound_too(system: LocalSystem, browser: Browser) -> None:
    """In light colours by every rule, in dark ones by what colours break, and on a phone.

    In one window: opening one for each page costs as much as judging it.
    """
    page = await browser.new_page()
    heard = complaints_of(page)
    wrong: dict[str, list[str]] = {}
    for name in (name for name in PAGES if name not in SHOWN):
        await put_on(page, LIGHT)
        await page.goto(f"{system.url}/docs/{name}")
        found = await faults(page, LIGHT)
        await put_on(page, DARK)
        found += await faults(page, DARK)
        await put_on(page, NARROW)
        found += await misfits(page)
        wrong |= {name: found} if found else {}
    assert wrong == {}
    assert heard == []


async def test_a_word_leads_to_its_section_with_the_keyboard_alone(
    system: LocalSystem, browser: Browser, keep: Keep
) -> None:
    page = await browser.new_page()
    heard = complaints_of(page)
    await page.goto(system.url)
    await page.keyboard.press("/")
    await page.keyboard.type("mail_not_enabled")
    await expect(page.locator("#found a").first).to_contain_text("mail_not_enabled")
    await keep(page, "docs-search")
    assert await violations(page) == []
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{system.url}/docs/operating#mail_not_enabled")
    await page.get_by_role("searchbox").fill("xyzzyplugh")
    await expect(page.locator("#found")).to_have_text("Nothing found.")
    await page.keyboard.press("Escape")
    await expect(page.locator("#found")).to_be_hidden()
    assert heard == []


async def test_without_a_script_everything_is_read_and_nothing_offered_that_does_nothing(
    system: LocalSystem, browser: Browser
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{system.url}/docs/send")
    await expect(page.get_by_role("heading", name="Once")).to_be_visible()
    await expect(page.locator("search")).to_be_hidden()
    await page.get_by_role("link", name="Errors", exact=True).first.click()
    await expect(page).to_have_url(f"{system.url}/docs/errors")


async def test_on_a_narrow_screen_the_list_of_pages_opens(
    system: LocalSystem, browser: Browser
) -> None:
    width, height = PHONE
    context = await browser.new_context(viewport={"width": width, "height": height})
    page = await context.new_page()
    await page.goto(f"{system.url}/docs")
    link = page.get_by_role("link", name="Limits", exact=True)
    await expect(link.first).to_be_hidden()
    await page.locator("#pages summary").click()
    await link.first.click()
    await expect(page).to_have_url(f"{system.url}/docs/limits")
