"""A whole Postroom on sockets, with agents at its door."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.mcp.agents import AgentHarness, agent_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AgentHarness]:
    async with agent_harness(tmp_path) as opened:
        yield opened
