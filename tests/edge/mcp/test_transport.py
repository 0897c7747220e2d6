"""The HTTP side: eras, headers, methods, origins."""

from typing import Any

import httpx
import pytest

from tests.edge.mcp.agents import (
    ERAS,
    Era,
    House,
    initialize,
    legacy,
    modern,
    modern_headers,
)


@pytest.mark.parametrize("era", ERAS)
async def test_the_official_client_lists_and_calls_tools_in_both_eras(
    house: House, era: Era
) -> None:
    async with house.agent(era) as agent:
        names = {tool.name for tool in (await agent.list_tools()).tools}
        found = await agent.call_tool("get-profile", {})
    assert {"send-email", "get-message", "list-messages"} <= names
    assert not found.is_error
    assert found.structured_content["output"]["emailAddress"] == "ada@acme.example"
