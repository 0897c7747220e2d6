"""Deployments under attack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.security.tenants import Tenants, two_tenants
from tests.usecases.connect.town import ADA, BEN, Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    built = Town(tmp_path)
    await built.mailbox(ADA)
    await built.mailbox(BEN)
    yield built
    await built.close()


@pytest.fixture
async def tenants(tmp_path: Path) -> AsyncIterator[Tenants]:
    built = await two_tenants(tmp_path)
    yield built
    await built.town.close()
