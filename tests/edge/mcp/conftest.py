"""A whole Postroom on sockets, with agents at its door."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from tests.edge.mcp.agents import ADA, BOB, House

UNPACED = {"POSTROOM_UNITS_PER_MINUTE": str(10**9)}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    google = GoogleSettings(units_per_minute=10**9)
    async with LocalSystem.start(tmp_path, environ=UNPACED, google=google) as started:
        for email in (ADA, BOB):
            await started.control("/mailboxes", {"email": email, "messages": 0})
        yield House(started)
