"""Every call leaves its trace where operators look, also one that was refused at the door."""

from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.edge.mcp.agents import AgentHarness, modern, modern_headers

TRACE = "0af7651916cd43dd8448eb211c80319c"
LABEL = {"name": "Invoices", "idempotency_key": "k"}
LETTER = {"to": "bob@acme.example", "subject": "Hello", "body": "It works."}


async def trail(harness: AgentHarness) -> list[tuple[str, str, str | None]]:
    """Return name, state and error of each call in the operations log, oldest first."""
    answer = await harness.system.client.get("/operations", params={"type": "action"})
    found = answer.json()["operations"]
    return [(one["name"], one["state"], one["error"]) for one in reversed(found)]


@pytest.mark.parametrize(
    ("name", "given", "logged"),
    [
        ("list-labels", {}, ("list-labels", "ok", None)),
        ("get-message", {"id": 7}, ("get-message", "failed", "invalid_body")),
        ("send-email", LETTER, ("send-email", "failed", "invalid_body")),
        ("list-messages", {"continuation": 5}, ("list-messages", "failed", "invalid_body")),
        ("get-message", {"id": "00000000000000ff"}, ("get-message", "failed", "upstream_error")),
        ("create-label", LABEL, ("create-label", "failed", "forbidden")),
    ],
    ids=["well", "type", "no-key", "continuation", "gmail", "permission"],
)
@pytest.mark.parametrize("policy", [{}, {"daily_sends": 9}], ids=["free", "held"])
async def test_a_call_is_logged_once_with_its_error_and_the_key_that_made_it(
    harness: AgentHarness, name: str, given: Any, logged: tuple[str, str, str | None], policy: Any
) -> None:
    key = await harness.key("mcp", "send", **policy)
    async with harness.agent(key=key) as agent:
        await agent.call_tool(name, given)
    assert await trail(harness) == [logged]
    (shown,) = (await harness.system.client.get("/operations?type=action")).json()["operations"]
    assert shown["connection_id"] == await harness.connection()
    assert shown["detail"]["key"]
    assert shown["detail"]["via"] == "mcp"
    assert "bob@acme" not in str(shown)


async def test_an_unknown_tool_is_logged_without_the_name_somebody_made_up(
    harness: AgentHarness,
) -> None:
    async with harness.agent() as agent:
        with pytest.raises(MCPError):
            await agent.call_tool("delete-everything", {})
    assert await trail(harness) == [("unknown-tool", "failed", "unknown_action")]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"connection_id": None}, "invalid_headers"),
        ({"connection_id": "one, two"}, "invalid_headers"),
        ({"provider_config_key": "slack"}, "unknown_connection"),
        ({"connection_id": "nobody"}, "unknown_connection"),
    ],
    ids=str,
)
async def test_headers_that_name_no_mailbox_are_logged_under_none(
    harness: AgentHarness, changed: Any, error: str
) -> None:
    trace = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    headers = {**modern_headers("tools/list"), **trace}
    refused = await harness.post(modern("tools/list"), headers, **changed)
    assert refused.status_code == 400
    assert await trail(harness) == [("mcp", "failed", error)]
    (shown,) = (await harness.system.client.get("/operations?type=action")).json()["operations"]
    assert (shown["connection_id"], shown["trace_id"]) == (None, TRACE)
