"""The npm package @nangohq/frontend, unchanged, opens Postroom's connect page."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.browser.connecting import Site, running_site
from tests.browser.test_connect_page import allow_at_google
from tests.harness.connecting import ADA
from tests.interop.packages import installed

pytestmark = pytest.mark.browser
PRODUCT = """<!doctype html><title>Product</title><body><script type="module">
import Nango from "/npm/@nangohq/frontend/dist/index.js";
window.events = [];
window.openWithNango = (baseURL, apiURL, options) => {
  const nango = new Nango({ host: apiURL });
  window.ui = nango.openConnectUI({
    baseURL, apiURL, ...options,
    onEvent: (event) => window.events.push(event),
  });
};
window.loaded = true;
</script></body>"""


def product(modules: Path) -> Starlette:
    """Return a product that uses the package as its authors mean it to be used."""
    return Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(PRODUCT)),
            Mount("/npm", StaticFiles(directory=modules)),
        ]
    )


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path, product=product(installed())) as built:
        yield built


async def opened(site: Site, browser: Browser, **options: Any) -> Page:
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(site.product)
    await page.wait_for_function("window.loaded")
    await page.evaluate(
        "([base, api, options]) => openWithNango(base, api, options)",
        [f"{site.postroom}/connect-ui", site.postroom, options],
    )
    return page


async def events(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.evaluate("window.events")
    return found


async def test_it_gets_ready_sends_the_token_and_learns_the_connection(
    site: Site, browser: Browser
) -> None:
    page = await opened(site, browser)
    await page.wait_for_function("window.events.some((event) => event.type === 'ready')")
    session = await site.session()
    await page.evaluate("(token) => ui.setSessionToken(token)", session["token"])
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await allow_at_google(await popup.value)
    await page.wait_for_function("window.events.some((event) => event.type === 'connect')")
    (connect,) = [event for event in await events(page) if event["type"] == "connect"]
    (connection,) = (await site.api.get("/connections")).json()["connections"]
    assert connect["payload"] == {
        "providerConfigKey": "google-mail",
        "connectionId": connection["connection_id"],
    }
    assert connection["email"] == ADA
    await frame.get_by_role("button", name="Done").click()
    await expect(page.locator("#connect-ui")).to_have_count(0)
    assert [event["type"] for event in await events(page)] == ["ready", "connect", "close"]


async def test_a_token_given_at_once_language_and_theme_reach_the_page(
    site: Site, browser: Browser
) -> None:
    session = await site.session()
    page = await opened(
        site, browser, sessionToken=session["token"], lang="fr", themeOverride="dark"
    )
    frame = page.frame_locator("#connect-ui")
    await expect(frame.get_by_role("heading")).to_have_text("Connectez votre Gmail à Acme")
    theme = await page.frames[1].evaluate("document.documentElement.dataset.theme")
    assert theme == "dark"


async def test_a_denial_reaches_the_product_as_an_error(site: Site, browser: Browser) -> None:
    session = await site.session()
    page = await opened(site, browser, sessionToken=session["token"], detectClosedAuthWindow=True)
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await (await popup.value).locator('button:not([value="allow"])').first.click()
    await page.wait_for_function("window.events.some((event) => event.type === 'error')")
    (error,) = [event for event in await events(page) if event["type"] == "error"]
    assert error["payload"]["errorType"] == "access_denied"
    assert error["payload"]["errorMessage"]
