"""The React guide's button as printed, bundled and pressed in a browser."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.browser.connecting import Site, running_site
from tests.browser.test_connect_page import allow_at_google
from tests.interop.test_typescript import project, ran, shown

pytestmark = pytest.mark.browser
ADDRESS: Final = '"https://mail.example.com"'
PRODUCT: Final = (
    "<!doctype html><title>Product</title><div id=root></div><script src=/built/main.js></script>"
)
MAIN: Final = """
import { createRoot } from "react-dom/client";
import { ConnectButton } from "./ConnectButton.js";

window.connected = [];
const keep = (id) => window.connected.push(id);
createRoot(document.getElementById("root")).render(
  <ConnectButton openSession={window.openSession} onConnected={keep} />,
);
"""


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    routes = [
        Route("/", lambda _: HTMLResponse(PRODUCT)),
        Mount("/built", StaticFiles(directory=tmp_path / "product", check_dir=False)),
    ]
    async with running_site(tmp_path, product=Starlette(routes=routes)) as built:
        yield built


async def open_product(site: Site, browser: Browser, folder: Path) -> Page:
    """Bundle the guide's file for this deployment; return the product's page that shows it."""
    source = shown("react")["ConnectButton.tsx"]
    assert source.count(ADDRESS) == 1
    files = {
        "ConnectButton.tsx": source.replace(ADDRESS, json.dumps(site.postroom)),
        "main.jsx": MAIN,
    }
    await asyncio.to_thread(folder.mkdir)
    node = await asyncio.to_thread(project, folder, files)
    bundler = ("node_modules/esbuild/bin/esbuild", "main.jsx", "--bundle", "--jsx=automatic")
    await ran(folder, node, *bundler, "--outfile=main.js")
    page = await (await browser.new_context(locale="en-GB")).new_page()

    async def session() -> Any:
        return (await site.session())["token"]

    await page.expose_function("openSession", session)
    await page.goto(site.product)
    return page


async def test_the_button_connects_a_mailbox(site: Site, browser: Browser, tmp_path: Path) -> None:
    page = await open_product(site, browser, tmp_path / "product")
    await page.get_by_role("button", name="Connect Gmail").click()
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await allow_at_google(await popup.value)
    await page.wait_for_function("window.connected.length")
    (connection,) = (await site.api.get("/connections")).json()["connections"]
    assert await page.evaluate("window.connected") == [connection["connection_id"]]


async def test_a_denial_is_shown_beside_the_button(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    page = await open_product(site, browser, tmp_path / "product")
    await page.get_by_role("button", name="Connect Gmail").click()
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup() as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await (await popup.value).locator('button:not([value="allow"])').first.click()
    await expect(page.get_by_role("alert")).to_be_attached()
    assert await page.evaluate("window.connected") == []
