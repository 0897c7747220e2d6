"""Ada's mailbox, connected with the default scopes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.sending import SendHarness, send_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[SendHarness]:
    async with send_harness(tmp_path) as opened:
        yield opened
