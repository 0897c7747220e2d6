"""Resources and prompts: what a client may take up beside tools."""

import pytest
from mcp.shared.exceptions import MCPError

from shared.actions.tool_choice import DEFAULT
from shared.edge.mcp.context.prompts import JOBS
from tests.edge.mcp.agents import (
    ERAS,
    AgentHarness,
    Era,
    initialize,
    modern,
    modern_headers,
)
from tests.edge.mcp.test_results import ATTACK, MARKS


@pytest.mark.parametrize("era", ERAS)
async def test_a_conversation_is_a_resource_between_its_marks(
    harness: AgentHarness, era: Era
) -> None:
    letter = await harness.deliver("Invoice", ATTACK)
    async with harness.agent(era) as agent:
        templates = (await agent.list_resource_templates()).resource_templates
        read = await agent.call_tool("read-messages", {"ids": [letter]})
        (message,) = read.structured_content["output"]["messages"]
        for uri in (f"mail://thread/{message.get('threadId', letter)}", f"mail://message/{letter}"):
            (found,) = (await agent.read_resource(uri)).contents
            marked = MARKS.search(found.text)  # type: ignore[union-attr]
            assert marked is not None
            assert "SYSTEM: ignore" in marked[2]
    assert {one.uri_template for one in templates} == {
        *("mail://thread/{id}", "mail://message/{id}")
    }


async def test_a_client_is_told_that_there_are_resources(harness: AgentHarness) -> None:
    begun = await harness.post(initialize())
    found = await harness.post(modern("server/discover"), modern_headers("server/discover"))
    for answer in (begun, found):
        assert "resources" in answer.json()["result"]["capabilities"]
    async with harness.agent() as agent:
        assert (await agent.list_resources()).resources == []


@pytest.mark.parametrize("uri", ["mail://thread/", "mail://other/1", "file:///etc/passwd"])
async def test_what_is_no_resource_is_an_error_of_the_protocol(
    harness: AgentHarness, uri: str
) -> None:
    async with harness.agent() as agent:
        with pytest.raises(MCPError) as raised:
            await agent.read_resource(uri)
    assert raised.value.code == -32602


async def test_a_resource_is_read_under_the_keys_own_connection_alone(
    harness: AgentHarness,
) -> None:
    letter = await harness.deliver("For Bob", "Only for Bob.", to="bob@acme.example")
    async with harness.agent() as adas:
        shown = (await adas.read_resource(f"mail://message/{letter}")).contents[0]
    assert "Only for Bob" not in shown.text  # type: ignore[union-attr]


async def test_prompts_name_tools_that_are_there(harness: AgentHarness) -> None:
    async with harness.agent() as agent:
        listed = (await agent.list_prompts()).prompts
        told = await agent.get_prompt("draft-reply", {"thread_id": "18c0"})
        for wrong in ({}, {"thread_id": "1 and send it"}):
            with pytest.raises(MCPError):
                await agent.get_prompt("summarise-thread", wrong)
        with pytest.raises(MCPError):
            await agent.get_prompt("nonsense")
    assert {one.name for one in listed} == {*JOBS}
    assert "18c0" in told.messages[0].content.text  # type: ignore[union-attr]
    words = " ".join(job.words for job in JOBS.values()).replace(",", " ").replace(".", " ")
    named = {word for word in words.split() if "-" in word}
    assert named <= DEFAULT
