"""The connect page in a product's own colour and under its logo, read by everyone all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.accessibility import kept_as, unsound
from tests.browser.conftest import Keep
from tests.browser.connecting import Site, running_site

pytestmark = pytest.mark.browser
LOGO = (
    "data:image/svg+xml;base64,"
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI5NiIgaGVpZ2h0PSIzMiI+"
    "PHJlY3Qgd2lkdGg9Ijk2IiBoZWlnaHQ9IjMyIiByeD0iOCIgZmlsbD0iI2I0MmY4NiIvPjwvc3ZnPg=="
)
BRAND = {"POSTROOM_BRAND_COLOUR": "#F4A84B", "POSTROOM_BRAND_LOGO": LOGO}


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path, more=BRAND) as built:
        yield built


async def test_a_colour_and_a_logo_are_worn_by_every_face_of_the_page(
    site: Site, browser: Browser, keep: Keep
) -> None:
    opened = await site.session()
    page = await site.open_frame(browser, opened["token"])
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    frame = page.frame_locator("#connect-ui")
    button = frame.get_by_role("button", name="Continue with Google")
    await expect(button).to_have_css("background-color", "rgb(244, 168, 75)")
    await expect(button).to_have_css("color", "rgb(0, 0, 0)")
    logo = frame.get_by_role("img", name="Acme")
    await expect(logo).to_be_visible()
    assert await logo.evaluate("(one) => one.naturalWidth") == 96
    await page.goto(opened["connect_link"])
    await expect(page.get_by_role("img", name="Acme")).to_be_visible()
    assert await unsound(page, kept_as(page, keep, "connect-brand")) == {}
    assert heard == []
