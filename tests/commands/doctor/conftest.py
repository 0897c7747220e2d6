"""One system a test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.doctoring import DoctorHarness, doctor_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[DoctorHarness]:
    async with doctor_harness(tmp_path) as made:
        yield made
