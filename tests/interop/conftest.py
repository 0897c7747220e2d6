"""A laptop system, a mailbox connected to it, and Nango's Node client pointed at it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import API_KEY, WEBHOOK_SECRET
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA, BOB, backfilled
from tests.interop.nango import Nango, running_client

SEEDED = 60
PLENTY = 10**9
"""Quota units a minute: no test here is about waiting for quota."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    folder = tmp_path_factory.mktemp("interop")
    unpaced = {"POSTROOM_UNITS_PER_MINUTE": str(PLENTY)}
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(folder, environ=unpaced, google=google) as started:
        await started.control("/mailboxes", {"email": ADA, "messages": SEEDED})
        await started.control("/mailboxes", {"email": BOB, "messages": 0})
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
