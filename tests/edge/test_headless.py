"""`nango.auth()`: the socket, the window it opens, and what the page hears in the end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

from infra.local.environment import INTEGRATION
from infra.local.loopback import loopback_client
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA
from tests.harness.whole import whole_system

pytestmark = pytest.mark.asyncio(loop_scope="module")
TIMEOUT_S = 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path_factory.mktemp("headless"), {ADA: 1}) as started:
        await started.client.get("/health")  # an instance has no socket before its first request
        yield started


async def session_token(system: LocalSystem) -> str:
    asked = {"tags": {"end_user_id": ADA, "end_user_email": ADA}}
    answer = await system.client.post("/connect/sessions", json=asked)
    return str(answer.json()["data"]["token"])


@asynccontextmanager
async def socket(
    system: LocalSystem, origin: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    address = f"ws://{urlsplit(system.url).netloc}/"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, origin=origin) as opened,
    ):
        yield opened


def product(system: LocalSystem) -> str:
    return system.container.settings.product_origins[0]


async def window(system: LocalSystem, key: str = INTEGRATION, **query: str) -> int:
    """Open the window as the frontend does, and follow it to its end."""
    async with loopback_client(follow_redirects=True, timeout=TIMEOUT_S) as browser:
        answer = await browser.get(f"{system.url}/oauth/connect/{key}", params=query)
        return answer.status_code


async def heard(opened: aiohttp.ClientWebSocketResponse) -> Any:
    return await opened.receive_json(timeout=TIMEOUT_S)


async def named(opened: aiohttp.ClientWebSocketResponse) -> str:
    said = await heard(opened)
    assert said["message_type"] == "connection_ack"
    return str(said["ws_client_id"])


async def test_a_session_is_consented_to_and_the_page_hears_of_its_connection(
    system: LocalSystem,
) -> None:
    async with socket(system, product(system)) as opened:
        listener = await named(opened)
        await system.control("/consent", {"email": ADA, "decision": "approve"})
        token = await session_token(system)
        await window(system, connect_session_token=token, ws_client_id=listener)
        said = await heard(opened)
    (listed,) = (await system.client.get("/connections")).json()["connections"]
    assert said == {
        "message_type": "success",
        "provider_config_key": INTEGRATION,
        "connection_id": listed["connection_id"],
        "is_pending": False,
    }


async def test_a_consent_that_is_denied_is_heard_as_an_error(system: LocalSystem) -> None:
    async with socket(system, product(system)) as opened:
        listener = await named(opened)
        await system.control("/consent", {"email": ADA, "decision": "deny"})
        token = await session_token(system)
        await window(system, connect_session_token=token, ws_client_id=listener)
        said = await heard(opened)
    assert (said["message_type"], said["error_type"]) == ("error", "access_denied")
    assert said["error_desc"]


@pytest.mark.parametrize(
    ("key", "query", "code", "word"),
    [
        (INTEGRATION, {"public_key": "pk-1"}, "public_key_not_supported", "connectSessionToken"),
        (INTEGRATION, {"connect_session_token": "x"}, "expired_session", "create a new one"),
        ("slack", {"connect_session_token": "x"}, "unknown_integration", "google-mail"),
    ],
)
async def test_what_cannot_begin_fails_at_once_with_what_to_do(
    system: LocalSystem, key: str, query: dict[str, str], code: str, word: str
) -> None:
    async with socket(system, product(system)) as opened:
        listener = await named(opened)
        assert await window(system, key, ws_client_id=listener, **query) == 410
        said = await heard(opened)
    assert (said["message_type"], said["error_type"]) == ("error", code)
    assert word in said["error_desc"]


async def test_pages_that_are_not_the_products_get_no_socket(system: LocalSystem) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with socket(system, "https://evil.example"):
            pass


async def test_a_listeners_name_opens_no_consent_of_its_own(system: LocalSystem) -> None:
    async with socket(system, product(system)) as opened:
        listener = await named(opened)
        await window(system, ws_client_id=listener, public_key="pk-1")
        async with loopback_client() as browser:
            answer = await browser.get(f"{system.url}/oauth/start", params={"ticket": listener})
    assert answer.status_code == 410
