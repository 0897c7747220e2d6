"""One connected mailbox for every test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.acting import ActionHarness, action_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ActionHarness]:
    async with action_harness(tmp_path) as opened:
        yield opened
