"""One deployment on a fresh SQLite file, and one emulated Google."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.connecting import ADA, BEN, ConnectHarness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ConnectHarness]:
    built = ConnectHarness(tmp_path)
    await built.mailbox(ADA)
    await built.mailbox(BEN)
    yield built
    await built.close()
