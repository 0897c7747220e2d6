"""One post office a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.usecases.deliver.post_office import PostOffice


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[PostOffice]:
    made = PostOffice(tmp_path)
    yield made
    await made.store.close()
