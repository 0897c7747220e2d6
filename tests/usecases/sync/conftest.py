from collections.abc import AsyncIterator

import pytest

from tests.harness.syncing import SyncHarness, sync_harness


@pytest.fixture
async def harness() -> AsyncIterator[SyncHarness]:
    async with sync_harness() as opened:
        yield opened
