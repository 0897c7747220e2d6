"""Own syncs by name through Nango's Node client: their records, status and control."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import INTEGRATION
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA
from tests.harness.whole import whole_system
from tests.interop.nango import Nango

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEEDED = 12
LABELS, THREADS = "sync-labels", "sync-threads"
MODELS = {LABELS: "GmailLabel", THREADS: "GmailThread"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    """Run a system that serves two of the ready syncs."""
    folder = tmp_path_factory.mktemp("own")
    environ = {"POSTROOM_SYNCS": "labels,threads"}
    async with whole_system(folder, {ADA: SEEDED}, environ) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connection(system: LocalSystem) -> str:
    """Return the id of Ada's connection, whose mailbox and syncs were read."""
    id = await connect(system.client, system.google, ADA)
    await system.settle()
    return id


async def records(nango: Nango, connection: str, model: str) -> list[Any]:
    """Follow the client's cursors until there is nothing more."""
    found: list[Any] = []
    cursor = None
    while True:
        asked = {"providerConfigKey": INTEGRATION, "connectionId": connection, "model": model}
        page = await nango.listRecords({**asked, "limit": 5, "cursor": cursor})
        found += page["records"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def status(nango: Nango, connection: str, name: str) -> Any:
    """Return the status of one sync, asked for by its name."""
    found = await nango.syncStatus(INTEGRATION, [name], connection)
    (sync,) = found["syncs"]
    assert sync["name"] == name
    return sync


async def finished(system: LocalSystem, nango: Nango, connection: str, name: str) -> Any:
    """Return its status once it has run."""
    async with asyncio.timeout(60):
        while (found := await status(nango, connection, name))["status"] == "RUNNING":
            await system.settle()
    return found


@pytest.mark.parametrize("name", [*MODELS])
async def test_its_records_are_listed_to_their_end(
    system: LocalSystem, nango: Nango, connection: str, name: str
) -> None:
    sync = await finished(system, nango, connection, name)
    assert (sync["status"], sync["type"]) == ("SUCCESS", "INCREMENTAL")
    rows = await records(nango, connection, MODELS[name])
    assert sync["recordCount"] == {MODELS[name]: len(rows)}
    assert len({row["id"] for row in rows}) == len(rows) > 5
    assert {row["_nango_metadata"]["last_action"] for row in rows} == {"ADDED"}


async def test_pausing_and_starting_one_leaves_the_others(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    assert (await nango.pauseSync(INTEGRATION, [LABELS], connection))["status"] == 200
    assert (await status(nango, connection, LABELS))["status"] == "PAUSED"
    for other in (THREADS, "fetch-messages"):
        assert (await status(nango, connection, other))["status"] != "PAUSED"
    await nango.startSync(INTEGRATION, [{"name": LABELS, "variant": "base"}], connection)
    assert (await finished(system, nango, connection, LABELS))["status"] == "SUCCESS"


async def test_a_trigger_by_name_reads_what_is_new(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    made = await nango.triggerAction(
        INTEGRATION, connection, "create-label", {"name": "From the client"}
    )
    answer = await nango.triggerSync(INTEGRATION, [LABELS], connection)
    assert answer["data"] == {"success": True}
    await system.settle()
    sync = await finished(system, nango, connection, LABELS)
    assert sync["latestResult"]["GmailLabel"]["added"] == 1
    rows = await records(nango, connection, "GmailLabel")
    assert rows[-1]["id"] == made["id"]


async def test_a_reset_that_empties_tells_the_client_of_every_end(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    before = {row["id"] for row in await records(nango, connection, "GmailThread")}
    options = {"reset": True, "emptyCache": True}
    await nango.triggerSync(INTEGRATION, [THREADS], connection, options)
    await system.settle()
    sync = await finished(system, nango, connection, THREADS)
    assert sync["recordCount"] == {"GmailThread": len(before)}
    after = await records(nango, connection, "GmailThread")
    assert {row["id"] for row in after} == before


async def test_its_frequency_is_its_own(nango: Nango, connection: str) -> None:
    changed = await nango.updateSyncConnectionFrequency(
        INTEGRATION, LABELS, connection, "every 2 hours"
    )
    assert changed == {"frequency": "every 2 hours"}
    assert (await status(nango, connection, LABELS))["frequency"] == "every 2 hours"
    assert (await status(nango, connection, "fetch-messages"))["frequency"] == "every hour"
