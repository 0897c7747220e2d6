"""Which tools an agent is given, how they are described, and what they do with what they get."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent, Tool

from shared.domain.connect.scopes import MAIL, SEND, SETTINGS_BASIC
from shared.domain.ids import ConnectionId
from shared.edge.mcp.continuing import NAME as CONTINUE
from shared.ports.connections import Connections
from tests.edge.mcp.agents import ADA, BOB, ERAS, TOOLS, AgentHarness, Era, modern, modern_headers

LETTER = {"to": BOB, "subject": "Hello", "body": "It works."}
READS = ("get-", "list-", "read-", "search-", "find-")
READING = {name for name in TOOLS if name.startswith(READS)}


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def error_of(result: CallToolResult) -> Any:
    assert result.is_error
    return json.loads(text_of(result))["error"]


async def tools_of(agent: Client) -> dict[str, Tool]:
    """Return the tools that are actions, by name."""
    listed = (await agent.list_tools()).tools
    return {tool.name: tool for tool in listed if tool.name != CONTINUE}


async def struck(harness: AgentHarness) -> None:
    """Wait until every fault has happened: the call is at Gmail."""
    async with asyncio.timeout(60):
        while True:
            if not (await harness.system.google.get("/_control/faults")).json()["faults"]:
                return
            await asyncio.sleep(0.01)


async def submitted(agent: Client, arguments: dict[str, Any]) -> None:
    """Issue the call again until Gmail has the message, as a patient client does."""
    async with asyncio.timeout(60):
        while True:
            found = await agent.call_tool("send-email", arguments)
            if not found.is_error and found.structured_content["output"]["status"] == "submitted":
                return
            await asyncio.sleep(0.05)


async def test_every_action_on_mail_is_a_tool_with_a_schema_of_what_goes_in(
    harness: AgentHarness,
) -> None:
    async with harness.agent() as agent:
        tools = await tools_of(agent)
    assert {*tools} == TOOLS
    for tool in tools.values():
        assert tool.description
        assert tool.title
        assert tool.output_schema is None
        assert tool.input_schema["type"] == "object"
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)


async def test_hints_tell_reading_from_changing_and_from_what_cannot_be_taken_back(
    harness: AgentHarness,
) -> None:
    async with harness.agent() as agent:
        hints = {name: tool.annotations for name, tool in (await tools_of(agent)).items()}
    assert {name for name, one in hints.items() if one and one.read_only_hint} == READING
    destructive = {name for name, one in hints.items() if one and one.destructive_hint}
    assert {"send-email", "send-message", "send-draft", "delete-label"} <= destructive
    assert not destructive & {*READING, "modify-message", "create-draft"}
    assert all(one and one.idempotent_hint for one in hints.values())
    assert {name for name, one in hints.items() if one and not one.open_world_hint} == {
        *("list-labels", "get-label", "create-label", "update-label", "delete-label")
    }


@pytest.mark.parametrize("name", ["watch-mailbox", "stop-watch", "list-watch-history"])
async def test_how_a_mailbox_is_kept_current_is_no_agents_business(
    harness: AgentHarness, name: str
) -> None:
    async with harness.agent() as agent:
        with pytest.raises(MCPError):
            await agent.call_tool(name, {"idempotency_key": "k"})


async def test_every_effect_needs_an_idempotency_key_and_nothing_that_reads_takes_one(
    harness: AgentHarness,
) -> None:
    async with harness.agent() as agent:
        tools = await tools_of(agent)
        without = await agent.call_tool("send-email", LETTER)
        reading = await agent.call_tool("list-labels", {"idempotency_key": "k"})
    keyed = {
        name for name, tool in tools.items() if "idempotency_key" in tool.input_schema["properties"]
    }
    assert keyed == {*tools} - READING
    assert all("idempotency_key" in tools[name].input_schema["required"] for name in keyed)
    assert error_of(without)["errors"][0]["path"] == ["idempotency_key"]
    assert error_of(reading)["code"] == "invalid_body"
    assert await harness.arrived() == 0


@pytest.mark.parametrize(
    ("permissions", "tools"),
    [
        (("mcp",), READING),
        (("mcp", "send"), READING | {"send-email", "cancel-send"}),
        (("mcp", "actions"), TOOLS),
    ],
    ids=["mcp", "mcp-send", "mcp-actions"],
)
async def test_a_key_is_offered_what_its_permissions_allow_and_can_call_nothing_else(
    harness: AgentHarness, permissions: tuple[str, ...], tools: set[str]
) -> None:
    async with harness.agent(key=await harness.key(*permissions)) as agent:
        assert {*await tools_of(agent)} == tools
        answer = await agent.call_tool("create-label", {"name": "Invoices", "idempotency_key": "k"})
    assert answer.is_error is ("create-label" not in tools)
    if answer.is_error:
        assert error_of(answer)["code"] == "forbidden"


async def test_a_mailbox_that_granted_only_sending_offers_only_sending(
    harness: AgentHarness,
) -> None:
    connections = harness.system.container.use(Connections)
    stored = await connections.get(ConnectionId(await harness.connection()))
    assert stored is not None
    await connections.swap(stored, replace(stored.value, scopes=frozenset({SEND})))
    async with harness.agent() as agent:
        assert {*await tools_of(agent)} == {
            *("send-email", "send-message", "list-scheduled", "cancel-send")
        }
        refused = error_of(await agent.call_tool("list-messages", {}))
    assert refused["code"] == "missing_scope"
    assert refused["payload"]["scope"].endswith("gmail.readonly")


async def test_settings_and_deleting_for_good_are_offered_where_they_were_granted_alone(
    harness: AgentHarness,
) -> None:
    connections = harness.system.container.use(Connections)
    stored = await connections.get(ConnectionId(await harness.connection()))
    assert stored is not None
    wider = frozenset({MAIL, SETTINGS_BASIC})
    await connections.swap(stored, replace(stored.value, scopes=wider))
    async with harness.agent() as agent:
        tools = {*await tools_of(agent)}
    more = {"delete-message", "list-filters", "create-filter", "get-vacation-settings"}
    assert tools > TOOLS
    assert more <= tools - TOOLS
    assert "create-send-as-alias" not in tools


@pytest.mark.parametrize("era", ERAS)
async def test_an_unknown_tool_is_an_error_of_the_protocol(harness: AgentHarness, era: Era) -> None:
    async with harness.agent(era) as agent:
        with pytest.raises(MCPError) as raised:
            await agent.call_tool("delete-everything", {})
    assert (raised.value.code, raised.value.data) == (-32602, {"code": "unknown_action"})


@pytest.mark.parametrize(
    ("name", "given", "path"),
    [
        ("get-message", {"id": 7}, ["input", "id"]),
        ("get-message", {}, ["input", "id"]),
        ("list-messages", {"maxResults": "many"}, ["input", "maxResults"]),
        ("list-messages", {"connection_id": "other"}, ["input", "connection_id"]),
        ("list-messages", {"continuation": 5}, ["input", "continuation"]),
        ("continue-reading", {"continuation": 5}, ["continuation"]),
        ("create-label", {"name": "x", "idempotency_key": 5}, ["idempotency_key"]),
        ("create-label", {"name": "x", "idempotency_key": "k" * 257}, ["idempotency_key"]),
    ],
    ids=str,
)
async def test_wrong_arguments_come_back_as_a_result_that_names_each(
    harness: AgentHarness, name: str, given: dict[str, Any], path: list[str]
) -> None:
    async with harness.agent() as agent:
        error = error_of(await agent.call_tool(name, given))
    assert error["code"] == "invalid_body"
    assert error["errors"][0]["path"] == path


async def test_what_gmail_refuses_is_told_as_the_api_tells_it(harness: AgentHarness) -> None:
    async with harness.agent() as agent:
        error = error_of(await agent.call_tool("get-message", {"id": "00000000000000ff"}))
    assert error["code"] == "upstream_error"
    assert error["upstream"]["status"] == 404


@pytest.mark.parametrize("era", ERAS)
async def test_a_send_happens_once_for_its_key(harness: AgentHarness, era: Era) -> None:
    async with harness.agent(era) as agent:
        first = await agent.call_tool("send-email", {**LETTER, "idempotency_key": "letter-1"})
        again = await agent.call_tool("send-email", {**LETTER, "idempotency_key": "letter-1"})
        other = await agent.call_tool(
            "send-email", {**LETTER, "subject": "Other", "idempotency_key": "letter-1"}
        )
    assert first.structured_content["output"]["status"] == "submitted"
    assert again.structured_content["replayed"] is True
    assert again.structured_content["output"] == first.structured_content["output"]
    assert error_of(other)["code"] == "idempotency_conflict"
    assert await harness.arrived() == 1


@pytest.mark.parametrize("method", ["drafts.create", "drafts.send"])
async def test_a_cancelled_call_that_is_issued_again_sends_once(
    harness: AgentHarness, method: str
) -> None:
    """A broken stream loses the answer; the client must ask again (FACTS 11.2)."""
    await harness.connection()
    slow = {"fault": "latency", "method": method, "times": 1, "delay_ms": 1_000}
    await harness.system.control("/faults", slow)
    arguments = {**LETTER, "idempotency_key": "letter-1"}
    sent = modern("tools/call", name="send-email", arguments=arguments)
    asking = asyncio.create_task(harness.post(sent, modern_headers("tools/call", "send-email")))
    await struck(harness)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    async with harness.agent() as agent:
        await submitted(agent, arguments)
    assert await harness.arrived() == 1


async def test_no_argument_reaches_another_mailbox(harness: AgentHarness) -> None:
    """Two agents with the same root key, each with its own headers."""
    letter = await harness.deliver("For Bob", "Only for Bob.", to=BOB)
    async with harness.agent(email=BOB) as bobs, harness.agent(email=ADA) as adas:
        assert "Only for Bob" in text_of(await bobs.call_tool("get-message", {"id": letter}))
        profiles = [
            (await one.call_tool("get-profile", {})).structured_content["output"]["emailAddress"]
            for one in (adas, bobs)
        ]
        stolen = await adas.call_tool("get-message", {"id": letter})
    assert profiles == [ADA, BOB]
    assert error_of(stolen)["upstream"]["status"] == 404
