"""A call that waits, where the client's user is led to the page on which it is decided."""

from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitRequestURLParams, ElicitResult

from tests.edge.mcp.agents import BOB, AgentHarness, modern, modern_headers

LETTER = {"to": BOB, "subject": "Hello", "text": "Yes.", "idempotency_key": "letter-1"}


@dataclass
class Person:
    """Opens the page; decides as told, with a key that may, or leaves it."""

    harness: AgentHarness
    decision: str | None
    opened: list[str] = field(default_factory=list)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        assert "Yes." not in params.message
        self.opened.append(params.url)
        if self.decision is not None:
            approval = params.url.rpartition("/")[2]
            path = f"/approvals/{approval}/{self.decision}"
            (await self.harness.system.client.post(path)).raise_for_status()
            await self.harness.system.settle()
        return ElicitResult(action="accept")


async def asked(harness: AgentHarness, person: Person, era: Any = "2026-07-28") -> Any:
    """Call send-email with a key that needs approval, from a client that opens pages."""
    key = await harness.key("mcp", "send", approval_required=True)
    async with httpx2.AsyncClient(headers=await harness.headers(key), timeout=60) as http:
        transport = streamable_http_client(f"{harness.system.url}/mcp", http_client=http)
        async with Client(transport, mode=era, elicitation_callback=person) as client:
            return await client.call_tool("send-email", LETTER)


async def test_a_person_is_led_to_the_page_and_the_repeated_call_tells_what_came_of_it(
    harness: AgentHarness,
) -> None:
    person = Person(harness, "approve")
    result = await asked(harness, person)
    (page,) = person.opened
    assert page.startswith(f"{harness.system.url}/console/approvals/")
    assert result.structured_content["output"]["status"] == "submitted"
    assert await harness.arrived() == 1


async def test_a_clients_yes_is_no_approval(harness: AgentHarness) -> None:
    person = Person(harness, None)
    result = await asked(harness, person)
    assert len(person.opened) == 1
    assert result.structured_content["status"] == "waiting_for_approval"
    assert await harness.arrived() == 0


async def test_a_refused_call_says_so(harness: AgentHarness) -> None:
    result = await asked(harness, Person(harness, "reject"))
    assert result.is_error
    assert await harness.arrived() == 0


async def test_the_older_era_waits_as_ever(harness: AgentHarness) -> None:
    person = Person(harness, "approve")
    result = await asked(harness, person, "legacy")
    assert person.opened == []
    assert result.structured_content["status"] == "waiting_for_approval"


@pytest.mark.parametrize("capable", [{}, {"elicitation": {"form": {}}}], ids=str)
async def test_a_client_that_opens_no_page_is_told_to_wait(
    harness: AgentHarness, capable: Any
) -> None:
    key = await harness.key("mcp", "send", approval_required=True)
    message = modern("tools/call", name="send-email", arguments=LETTER)
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capable
    headers = {**modern_headers("tools/call", "send-email"), "Authorization": f"Bearer {key}"}
    result = (await harness.post(message, headers)).json()["result"]
    assert result["resultType"] == "complete"
    assert result["structuredContent"]["status"] == "waiting_for_approval"
