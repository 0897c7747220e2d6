"""One system a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.commands.doctor.ward import Ward, admitted


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with admitted(tmp_path) as made:
        yield made
