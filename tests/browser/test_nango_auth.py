"""`nango.auth()` of @nangohq/frontend, in versions of several years, unchanged."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.browser.connecting import Site, running_site
from tests.browser.test_connect_page import allow_at_google
from tests.interop.packages import installed
from tests.interop.versions import clients

pytestmark = pytest.mark.browser
PRODUCT = """<!doctype html><title>Product</title><body><script type="module">
import Nango from "/npm/PACKAGE/dist/index.js";
window.begin = (host, credentials) => {
  const nango = new Nango({ host, ...credentials });
  window.ended = null;
  nango.auth("google-mail").then(
    (result) => { window.ended = { result }; },
    (error) => { window.ended = { type: error.type, message: error.message }; },
  );
};
window.events = [];
window.open_ui = (host, sessionToken) => {
  const onEvent = (event) => window.events.push(event.type);
  new Nango({ host }).openConnectUI({ baseURL: host, apiURL: host, sessionToken, onEvent });
};
window.loaded = true;
</script></body>"""


def product(modules: Path, package: str) -> Starlette:
    """Return a product whose page connects without a page of ours."""
    page = PRODUCT.replace("PACKAGE", package)
    return Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(page)),
            Mount("/npm", StaticFiles(directory=modules)),
        ]
    )


@pytest_asyncio.fixture(loop_scope="session", params=clients("frontend"))
async def site(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    package = clients("frontend")[request.param]
    async with running_site(tmp_path, product=product(installed(), package)) as built:
        yield built


async def begun(site: Site, browser: Browser, **credentials: str) -> tuple[Page, Page]:
    """Return the product's page and the window that it opened."""
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(site.product)
    await page.wait_for_function("window.loaded")
    async with page.expect_popup() as popup:
        await page.evaluate("([host, it]) => begin(host, it)", [site.postroom, credentials])
    return page, await popup.value


async def ended(page: Page) -> dict[str, Any]:
    await page.wait_for_function("window.ended")
    found: dict[str, Any] = await page.evaluate("window.ended")
    return found


async def test_with_a_session_token_the_page_gets_the_connection(
    site: Site, browser: Browser
) -> None:
    session = await site.session()
    page, window = await begun(site, browser, connectSessionToken=session["token"])
    await allow_at_google(window)
    found = await ended(page)
    (connection,) = (await site.api.get("/connections")).json()["connections"]
    assert found["result"]["providerConfigKey"] == "google-mail"
    assert found["result"]["connectionId"] == connection["connection_id"]


async def test_with_a_public_key_it_fails_at_once_and_says_what_to_do(
    site: Site, browser: Browser
) -> None:
    page, _ = await begun(site, browser, publicKey="2f5e9a1c-public")
    found = await ended(page)
    assert found["type"] == "public_key_not_supported"
    assert "connectSessionToken" in found["message"]


async def test_the_connect_page_opens_at_the_bare_host_and_tells_the_connection(
    site: Site, browser: Browser
) -> None:
    session = await site.session()
    page = await (await browser.new_context(locale="en-GB")).new_page()
    await page.goto(site.product)
    await page.wait_for_function("window.loaded")
    await page.evaluate(
        "([host, token]) => open_ui(host, token)", [site.postroom, session["token"]]
    )
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await allow_at_google(await popup.value)
    await page.wait_for_function("window.events.includes('connect')")
