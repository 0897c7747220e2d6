"""A browser, and Harbor on a whole laptop system, for tests that click."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.harbor import Harbor, running_harbor

HERE = f"{Path(__file__).parent}{os.sep}"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
REQUIRE = "POSTROOM_REQUIRE_EMULATORS"
SCREENSHOTS = "POSTROOM_SCREENSHOTS"
"""A folder that receives the screenshots; without it none is taken."""

TIMEOUT_MS = 20_000
"""How long an expectation may take on a busy machine; it ends as soon as it holds."""

Keep = Callable[[Page, str], Awaitable[None]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's path; without one, skip, or fail where everything must run."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is not None:
        return found
    reason = "no Chromium found: nothing was tested in a browser (apt-get install chromium)"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason}, and {REQUIRE}=1")
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run every test of this folder in one event loop: their one browser lives in it."""
    for item in items:
        if str(item.path).startswith(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def launched(chromium: str) -> AsyncIterator[Browser]:
    """Start one browser for all tests: that takes longer than most of them."""
    expect.set_options(timeout=TIMEOUT_MS)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=QUIET.split())
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(launched: Browser) -> AsyncIterator[Browser]:
    """Return a browser that knows nobody: cookies live in contexts, and each test's are closed."""
    yield launched
    for context in launched.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def harbor(tmp_path: Path) -> AsyncIterator[Harbor]:
    async with running_harbor(tmp_path) as running:
        yield running


@pytest.fixture
def keep() -> Keep:
    """Return a function that saves a screenshot of a page under a name, where one is wanted."""
    folder = os.environ.get(SCREENSHOTS)

    async def save(page: Page, name: str) -> None:
        if folder is None:
            return
        await page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")

    return save
