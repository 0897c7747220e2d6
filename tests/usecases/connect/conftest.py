"""A town: one deployment on a fresh SQLite file, and one emulated Google."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.usecases.connect.town import ADA, BEN, Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    built = Town(tmp_path)
    await built.mailbox(ADA)
    await built.mailbox(BEN)
    yield built
    await built.close()
