"""The steps of the public guide "How to build a Gmail API integration", with its official packages.

Session token, Connect UI, send-email, sync, the listRecords loop, tools over MCP. The programs in
`guide/` are our own, written to the packages' documentation, and not copies of the guide's text;
only the host is Postroom's: `host` of the Node client, `baseURL` and `apiURL` of the frontend,
the MCP address.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from infra.local.environment import API_KEY, WEBHOOK_SECRET
from infra.local.loopback import loopback_client
from infra.local.serving import address_of, listener
from infra.local.system import LocalSystem
from tests.browser.conftest import QUIET, TIMEOUT_MS, chromium
from tests.browser.test_connect_page import allow_at_google
from tests.functions.test_main_job import ADA, BOB, backfilled, truth
from tests.harness.whole import whole_system
from tests.interop.conftest import SEEDED
from tests.interop.packages import HERE, installed

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
USER = {"id": "user-1", "email": ADA, "organization": "acme"}
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Fresh\r\n\r\nHello!"


@dataclass(frozen=True)
class Followed:
    """A product built by the guide, and the system it was pointed at."""

    system: LocalSystem
    product: httpx.AsyncClient
    connection: str
    """As the browser was told when the Connect UI was done."""

    async def get(self, path: str) -> Any:
        return (await self.product.get(path)).raise_for_status().json()

    async def post(self, path: str, body: Any = None) -> Any:
        answer = await self.product.post(path, json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def running_product(bound: socket, postroom: str) -> AsyncIterator[httpx.AsyncClient]:
    """Run the programs in `guide/` as one Node process on a socket that is bound already."""
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        "guide/product.mjs",
        json.dumps(USER),
        str(bound.fileno()),
        cwd=HERE,
        env={
            **os.environ,
            "NANGO_HOST": postroom,
            "NANGO_SECRET_KEY": API_KEY,
            "NANGO_WEBHOOK_SIGNING_KEY": WEBHOOK_SECRET,
        },
        pass_fds=[bound.fileno()],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"listening\n"
        async with loopback_client(base_url=address_of(bound), timeout=60) as client:
            yield client
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def running_system(folder: Path, product: str) -> AsyncIterator[LocalSystem]:
    """Start a Postroom that serves the product at that address, and tells it of events."""
    own = {"POSTROOM_PRODUCT_ORIGINS": product}
    async with whole_system(folder, {ADA: SEEDED, BOB: 0}, own) as system:
        hooks = {"url": f"{product}/webhooks", "secret": WEBHOOK_SECRET}
        made = await system.client.post("/webhook-endpoints", json=hooks)
        assert made.status_code == 201, made.text
        yield system


async def connected_by_hand(page: Page, product: str) -> str:
    """Press what a customer presses; answer what the product's page shows."""
    await page.goto(product)
    await page.get_by_role("button", name="Connect Gmail").click()
    frame = page.frame_locator("#connect-ui")
    async with page.expect_popup(timeout=TIMEOUT_MS) as popup:
        await frame.get_by_role("button", name="Continue with Google").click()
    await allow_at_google(await popup.value, ADA)
    await expect(page.locator("#status")).not_to_have_text("Not connected")
    shown = await page.locator("#status").inner_text()
    await frame.get_by_role("button", name="Done").click()
    await expect(page.locator("#status")).to_have_attribute("data-closed", "true")
    return shown


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guide(
    chromium: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Followed]:
    """Follow the guide up to a connected mailbox, in a real browser."""
    installed()
    expect.set_options(timeout=TIMEOUT_MS)
    bound = listener()
    product = address_of(bound)
    folder = tmp_path_factory.mktemp("guide")
    async with (
        running_system(folder, product) as system,
        running_product(bound, system.url) as client,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET.split())
        page = await (await browser.new_context(locale="en-GB")).new_page()
        connection = await connected_by_hand(page, product)
        await browser.close()
        yield Followed(system, client, connection)


async def test_the_connect_ui_ends_in_a_connection_that_the_backend_is_told_of(
    guide: Followed,
) -> None:
    await guide.system.settle()
    assert await guide.get("/connection") == {"connectionId": guide.connection}
    (listed,) = (await guide.system.client.get("/connections")).json()["connections"]
    assert listed["connection_id"] == guide.connection
    assert (listed["email"], listed["end_user"]["id"]) == (ADA, USER["id"])
    assert listed["end_user"]["organization"]["id"] == USER["organization"]


async def test_the_mailbox_is_synced_and_read_in_a_loop(guide: Followed) -> None:
    assert await guide.post("/sync") is None
    await backfilled(guide.system, guide.connection)
    status = await guide.get("/sync")
    assert (status["status"], status["recordCount"]) == ("SUCCESS", {"EmailMessage": SEEDED})
    emails = await guide.get("/emails")
    labels = {one["id"]: set(one["labelIds"]) for one in emails}
    assert labels == await truth(guide.system, ADA)
    assert len(emails) == SEEDED


async def test_a_new_mail_reaches_the_product_by_a_signed_webhook(guide: Followed) -> None:
    await guide.system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
    await guide.system.settle()
    inbox = {one["id"]: one for one in await guide.get("/inbox")}
    assert "Fresh" in {one["subject"] for one in inbox.values()}
    assert inbox.keys() == (await truth(guide.system, ADA)).keys()


async def test_an_email_is_sent_from_the_product(guide: Followed) -> None:
    email = {"to": BOB, "cc": None, "bcc": "", "subject": "From the guide", "body": "Hello!"}
    sent = await guide.post("/send", email)
    assert sent["status"] == "submitted"
    assert sent["id"] in await truth(guide.system, ADA)
    await guide.system.settle()
    (received,) = [one["id"] for one in guide.system.emulated.store.messages(BOB)]
    found = guide.system.emulated.store.message(BOB, int(received, 16))
    assert found is not None
    raw = guide.system.emulated.store.raw(found.row)
    assert b"Subject: From the guide" in raw


async def test_an_agent_sends_through_mcp_with_the_three_headers(guide: Followed) -> None:
    tools = {one["name"]: one for one in await guide.get("/tools")}
    assert {"send-email", "read-messages", "list-conversations"} <= {*tools}
    email = {"to": BOB, "subject": "From an agent", "body": "Hello again!"}
    filled_in = as_a_model_would(tools["send-email"]["inputSchema"], email)
    result = await guide.post("/tool", {"name": "send-email", "input": filled_in})
    assert not result.get("isError"), result
    sent = result["structuredContent"]["output"]
    assert sent["status"] == "submitted"
    assert sent["id"] in await truth(guide.system, ADA)


async def test_an_agent_is_told_of_a_mistake_it_can_mend(guide: Followed) -> None:
    (tool,) = [one for one in await guide.get("/tools") if one["name"] == "send-email"]
    wrong = as_a_model_would(tool["inputSchema"], {"to": "@", "subject": "x", "body": "x"})
    result = await guide.post("/tool", {"name": "send-email", "input": wrong})
    assert result["isError"] is True
    assert "invalid_recipient" in json.dumps(result)


def as_a_model_would(schema: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return arguments with everything the tool's schema requires, made up where not wanted."""
    made_up = {name: f"{name} of {wanted['subject']}" for name in schema["required"]}
    return {**made_up, **wanted}
