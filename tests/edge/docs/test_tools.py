"""The documentation as tools: official clients, no key, nothing that changes anything."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from infra.local.loopback import loopback_client
from infra.local.system import LocalSystem
from shared.pages.docs.contents import PAGES
from tests.edge.mcp.agents import ERAS, Era, initialize, legacy
from tests.harness.whole import whole_system
from tests.interop.node_agent import GENERATIONS, node_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path_factory.mktemp("docs"), {}) as started:
        yield started


@asynccontextmanager
async def agent(system: LocalSystem, era: Era = "2026-07-28") -> AsyncIterator[Any]:
    """Yield the official client, which is given the address and no header."""
    async with httpx2.AsyncClient(timeout=60) as http:
        transport = streamable_http_client(f"{system.url}/docs/mcp", http_client=http)
        async with Client(transport, mode=era) as client:
            yield client


@pytest.mark.parametrize("era", ERAS)
async def test_a_coding_agent_finds_a_section_and_reads_it(system: LocalSystem, era: Era) -> None:
    async with agent(system, era) as client:
        tools = {one.name: one for one in (await client.list_tools()).tools}
        found = await client.call_tool("search-docs", {"query": "mail_not_enabled"})
        name = found.structured_content["found"][0]["name"]
        section = await client.call_tool("read-doc", {"name": name})
    assert {*tools} == {"search-docs", "read-doc"}
    assert all(one.annotations.read_only_hint for one in tools.values())
    assert name == "operating#mail_not_enabled"
    assert section.content[0].text.startswith("## mail_not_enabled\n\n")


@pytest.mark.parametrize(("generation", "mode", "version"), GENERATIONS, ids=str)
async def test_the_npm_clients_find_a_section_and_read_it(
    system: LocalSystem, generation: int, mode: Any, version: str | None
) -> None:
    seen = await node_agent(
        f"{system.url}/docs/mcp",
        {},
        generation,
        mode,
        ("search-docs", {"query": "mail_not_enabled"}),
        ("read-doc", {"name": "operating#mail_not_enabled"}),
        ("read-doc", {"name": "nothing"}),
    )
    found, section, wrong = (one["result"] for one in seen["answers"])
    assert seen.get("version") == version
    assert {one["name"] for one in seen["tools"]} == {"search-docs", "read-doc"}
    assert found["structuredContent"]["found"][0]["name"] == "operating#mail_not_enabled"
    assert section["content"][0]["text"].startswith("## mail_not_enabled\n\n")
    assert wrong["isError"] is True


async def test_a_long_page_is_read_to_its_end_in_pieces(system: LocalSystem) -> None:
    page, text = PAGES["api"], ""
    starts: list[int | None] = [0]
    async with agent(system) as client:
        while (start := starts[-1]) is not None:
            piece = await client.call_tool("read-doc", {"name": page.name, "start": start})
            text += piece.content[0].text
            starts.append(piece.structured_content["next_start"])
    assert len(starts) > 2
    async with loopback_client(base_url=system.url, timeout=60) as reader:
        assert text == (await reader.get(f"/docs/{page.name}.md")).text


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("read-doc", {"name": "nothing"}),
        ("read-doc", {"name": "records#nothing"}),
        ("read-doc", {"name": "../../../etc/passwd"}),
        ("read-doc", {}),
        ("search-docs", {"query": "x", "limit": 1000}),
        ("search-docs", {"query": ""}),
        ("send-email", {"to": "eve@far.example"}),
    ],
)
async def test_what_is_asked_wrongly_is_told_and_not_served(
    system: LocalSystem, tool: str, arguments: dict[str, Any]
) -> None:
    async with agent(system) as client:
        refused = await client.call_tool(tool, arguments)
    assert refused.is_error
    assert "passwd" not in refused.content[0].text


async def test_pages_of_strangers_other_methods_and_other_bodies_are_refused(
    system: LocalSystem,
) -> None:
    accepting = {"Accept": "application/json, text/event-stream"}
    async with loopback_client(base_url=system.url, headers=accepting) as client:
        begun = await client.post("/docs/mcp", json=initialize())
        assert json.loads(begun.text)["result"]["serverInfo"]["name"] == "postroom-docs"
        evil = {"Origin": "https://evil.example"}
        foreign = await client.post("/docs/mcp", json=legacy("tools/list"), headers=evil)
        plain = await client.post("/docs/mcp", content=b"{}", headers={"Content-Type": "text/xml"})
        large = await client.post("/docs/mcp", json={"x": "x" * 70_000})
        asked = [foreign.status_code, plain.status_code, large.status_code]
        assert asked == [403, 400, 413]
        assert (await client.get("/docs/mcp")).status_code in {404, 405}
