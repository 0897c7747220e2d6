"""The HTTP side: eras, headers, methods, origins."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.local.loopback import loopback_client
from tests.edge.mcp.agents import (
    BOB,
    ERAS,
    AgentHarness,
    Era,
    agent_harness,
    initialize,
    legacy,
    modern,
    modern_headers,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTED = modern("tools/list"), modern_headers("tools/list")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def harness(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AgentHarness]:
    """Return one system for all of these: none of them changes anything."""
    async with agent_harness(tmp_path_factory.mktemp("transport")) as opened:
        yield opened


def code_of(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("era", ERAS)
async def test_the_official_client_lists_and_calls_tools_in_both_eras(
    harness: AgentHarness, era: Era
) -> None:
    async with harness.agent(era) as agent:
        names = {tool.name for tool in (await agent.list_tools()).tools}
        found = await agent.call_tool("get-profile", {})
    assert {"send-email", "get-message", "continue-reading"} <= names
    assert not found.is_error
    assert found.structured_content["output"]["emailAddress"] == "ada@acme.example"


async def test_a_client_that_sends_just_the_three_headers_is_served(harness: AgentHarness) -> None:
    """What `claude mcp add --transport http --header ...` sends: a handshake, then calls."""
    begun = await harness.post(initialize())
    assert begun.status_code == 200, begun.text
    version = begun.json()["result"]["protocolVersion"]
    assert "ada@acme.example" in begun.json()["result"]["instructions"]
    assert "mcp-session-id" not in begun.headers
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert (await harness.post(ready, mcp_protocol_version=version)).status_code == 202
    listed = await harness.post(legacy("tools/list"), mcp_protocol_version=version)
    assert listed.headers["content-type"].startswith("application/json")
    assert len(listed.json()["result"]["tools"]) > 10


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_every_older_version_is_negotiated_as_asked(
    harness: AgentHarness, version: str
) -> None:
    begun = await harness.post(initialize(version))
    assert begun.json()["result"]["protocolVersion"] == version


async def test_the_new_era_is_discovered_and_needs_no_handshake(harness: AgentHarness) -> None:
    found = await harness.post(modern("server/discover"), modern_headers("server/discover"))
    assert found.json()["result"]["supportedVersions"] == ["2026-07-28"]
    listed = (await harness.post(*LISTED)).json()["result"]
    assert listed["resultType"] == "complete"
    assert (listed["ttlMs"], listed["cacheScope"]) == (60_000, "private")


async def test_headers_that_contradict_the_message_are_refused(harness: AgentHarness) -> None:
    answer = await harness.post(LISTED[0], modern_headers("tools/call", "send-email"))
    assert code_of(answer) == (400, -32020)


@pytest.mark.parametrize("header", ["connection-id", "provider-config-key"])
@pytest.mark.parametrize("value", [None, ""])
async def test_a_missing_tenant_header_is_named(
    harness: AgentHarness, header: str, value: str | None
) -> None:
    absent: Any = {header.replace("-", "_"): value}
    answer = await harness.post(*LISTED, **absent)
    assert code_of(answer) == (400, "invalid_headers")
    assert header in answer.json()["error"]["message"]


async def test_conflicting_tenant_headers_are_refused(harness: AgentHarness) -> None:
    ada, bob = await harness.headers(), await harness.headers(email=BOB)
    twice = [*ada.items(), ("connection-id", bob["connection-id"])]
    both = {**ada, "connection-id": f"{ada['connection-id']}, {bob['connection-id']}"}
    async with loopback_client(base_url=harness.system.url, timeout=60) as client:
        for headers in (twice, both):
            answer = await client.post("/mcp", json=LISTED[0], headers=headers)
            assert code_of(answer) == (400, "invalid_headers")


async def test_a_mailbox_in_the_query_is_no_way_around_the_headers(harness: AgentHarness) -> None:
    bob = await harness.connection(BOB)
    async with loopback_client(base_url=harness.system.url, timeout=60) as client:
        path = f"/mcp?connection_id={bob}"
        answer = await client.post(path, json=LISTED[0], headers=await harness.headers())
    assert code_of(answer) == (400, "invalid_query_params")


@pytest.mark.parametrize(
    "changed",
    [{"connection_id": "nobody"}, {"connection_id": "../x"}, {"provider_config_key": "slack"}],
    ids=str,
)
async def test_a_pair_that_does_not_exist_is_unknown(harness: AgentHarness, changed: Any) -> None:
    assert code_of(await harness.post(*LISTED, **changed)) == (400, "unknown_connection")


async def test_another_mailbox_is_as_unknown_to_a_key_as_none(harness: AgentHarness) -> None:
    key = await harness.key("*")
    mine = await harness.post(*LISTED, Authorization=f"Bearer {key}")
    other = await harness.connection(BOB)
    refused = await harness.post(*LISTED, Authorization=f"Bearer {key}", connection_id=other)
    nobody = await harness.post(*LISTED, Authorization=f"Bearer {key}", connection_id="nobody")
    assert mine.status_code == 200
    assert refused.json() == nobody.json()


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_only_post_is_answered(harness: AgentHarness, method: str) -> None:
    async with loopback_client(base_url=harness.system.url, timeout=60) as client:
        answer = await client.request(method, "/mcp", headers=await harness.headers())
    assert code_of(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.test"])
async def test_a_page_of_a_foreign_origin_is_refused(harness: AgentHarness, origin: str) -> None:
    assert code_of(await harness.post(*LISTED, Origin=origin)) == (403, "forbidden")


async def test_a_page_of_the_products_origin_may_call(harness: AgentHarness) -> None:
    (product,) = harness.system.container.settings.product_origins
    assert (await harness.post(*LISTED, Origin=product)).status_code == 200


async def test_without_a_key_or_with_one_that_lacks_mcp_nobody_comes_in(
    harness: AgentHarness,
) -> None:
    narrow = await harness.key("records:read")
    assert code_of(await harness.post(*LISTED, Authorization=None)) == (401, "missing_auth_header")
    answer = await harness.post(*LISTED, Authorization=f"Bearer {narrow}")
    assert code_of(answer) == (403, "forbidden")


@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.parametrize(
    "message",
    [[], [initialize()], {}, {"jsonrpc": "2.0"}, "text", {"jsonrpc": "2.0", "id": {}, "method": 1}],
    ids=repr,
)
async def test_what_is_no_message_is_refused_and_never_our_failure(
    harness: AgentHarness, era: str, message: Any
) -> None:
    headers = modern_headers("tools/list") if era == "modern" else {}
    answer = await harness.post(message, headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] < 0


async def test_a_body_that_is_not_said_to_be_json_is_refused(harness: AgentHarness) -> None:
    async with loopback_client(base_url=harness.system.url, timeout=60) as client:
        headers = {**await harness.headers(), "Content-Type": "text/plain"}
        answer = await client.post("/mcp", content=b"{}", headers=headers)
    assert code_of(answer) == (400, "invalid_headers")
