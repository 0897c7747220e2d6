"""One post harness a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.delivering import DeliveryHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[DeliveryHarness]:
    made = DeliveryHarness(tmp_path)
    yield made
    await made.store.close()
