"""Deployments under attack."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.connecting import ADA, BEN, ConnectHarness
from tests.security.tenants import Tenants, two_tenants


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ConnectHarness]:
    built = ConnectHarness(tmp_path)
    await built.mailbox(ADA)
    await built.mailbox(BEN)
    yield built
    await built.close()


@pytest.fixture
async def tenants(tmp_path: Path) -> AsyncIterator[Tenants]:
    built = await two_tenants(tmp_path)
    yield built
    await built.harness.close()
