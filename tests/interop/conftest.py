"""A laptop system, a mailbox connected to it, and Nango's Node client pointed at it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import API_KEY, WEBHOOK_SECRET
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA, BOB, backfilled
from tests.harness.whole import whole_system
from tests.interop.nango import Nango, running_client

SEEDED = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    folder = tmp_path_factory.mktemp("interop")
    async with whole_system(folder, {ADA: SEEDED, BOB: 0}) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nango(system: LocalSystem) -> AsyncIterator[Nango]:
    async with running_client(
        host=system.url, secretKey=API_KEY, webhookSigningKey=WEBHOOK_SECRET
    ) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connection(system: LocalSystem) -> str:
    """Return the id of Ada's connection, its mailbox read to the end."""
    id = await connect(system.client, system.google, ADA)
    await backfilled(system, id)
    return id
