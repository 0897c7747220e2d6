"""Syncs through Nango's Node client: trigger, pause, start, look at, pace."""

import asyncio
from typing import Any

import pytest

from infra.local.environment import INTEGRATION
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA
from tests.interop.conftest import SEEDED
from tests.interop.nango import Nango

pytestmark = pytest.mark.asyncio(loop_scope="module")
SYNC = "fetch-messages"
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Hi\r\n\r\nHello!"


async def status(nango: Nango, connection: str, syncs: Any = (SYNC,)) -> dict[str, Any]:
    """Return the one sync's status.

    The client's own type is narrower than the API's: it has no word for a sync that is not due.
    """
    found = await nango.syncStatus(INTEGRATION, syncs, connection)
    (sync,) = found["syncs"]
    if sync["status"] != "PAUSED":
        nango.schemas.check("syncStatusOfClient", found)
    return dict(sync)


async def settled(system: LocalSystem, nango: Nango, connection: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            await system.settle()
            sync = await status(nango, connection)
            if sync["status"] != "RUNNING":
                return sync


async def deliver(system: LocalSystem) -> None:
    answer = await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
    answer.raise_for_status()


async def test_the_status_counts_what_the_mailbox_holds(nango: Nango, connection: str) -> None:
    sync = await status(nango, connection)
    assert (sync["name"], sync["variant"], sync["connection_id"]) == (SYNC, "base", connection)
    assert (sync["status"], sync["type"]) == ("SUCCESS", "INCREMENTAL")
    assert sync["recordCount"] == {"EmailMessage": SEEDED}
    assert sync["frequency"] == "every hour"
    assert int(sync["checkpoint"]["history_id"]) > 0
    assert await status(nango, connection, "*") == sync
    assert await status(nango, connection, ["messages"]) == sync
    assert await status(nango, connection, [{"name": SYNC, "variant": "base"}]) == sync


async def test_a_connection_that_never_finished_a_run_has_a_status_too(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    await nango.triggerSync(INTEGRATION, [SYNC], connection, {"reset": True, "emptyCache": True})
    during = await status(nango, connection)
    assert during["status"] in {"RUNNING", "SUCCESS"}
    after = await settled(system, nango, connection)
    assert after["status"] == "SUCCESS"
    assert after["recordCount"] == {"EmailMessage": SEEDED}


async def test_a_paused_sync_stays_behind_until_it_is_started(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    before = (await status(nango, connection))["recordCount"]["EmailMessage"]
    paused = await nango.pauseSync(INTEGRATION, [SYNC], connection)
    assert (paused["status"], paused["data"]) == (200, {"success": True})
    assert (await status(nango, connection))["status"] == "PAUSED"
    await deliver(system)
    await system.settle()
    assert (await status(nango, connection))["recordCount"] == {"EmailMessage": before}
    started = await nango.startSync(INTEGRATION, [{"name": SYNC, "variant": "base"}], connection)
    assert started["data"] == {"success": True}
    sync = await settled(system, nango, connection)
    assert sync["recordCount"] == {"EmailMessage": before + 1}
    assert sync["latestResult"]["EmailMessage"]["added"] == 1


async def test_a_trigger_reads_at_once_in_every_spelling(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    before = (await status(nango, connection))["finishedAt"]
    spellings: list[list[Any]] = [[[SYNC], connection], [["messages"], connection], [[]]]
    for spelling in spellings:
        answer = await nango.triggerSync(INTEGRATION, *spelling)
        assert (answer["status"], answer["data"]) == (200, {"success": True})
        sync = await settled(system, nango, connection)
        assert sync["status"] == "SUCCESS"
    assert sync["finishedAt"] > before


@pytest.mark.parametrize("mode", ["incremental", "full_refresh", True, False, {"reset": True}])
async def test_the_older_sync_modes_are_understood(
    system: LocalSystem, nango: Nango, connection: str, mode: Any
) -> None:
    count = (await status(nango, connection))["recordCount"]
    answer = await nango.triggerSync(INTEGRATION, [SYNC], connection, mode)
    assert answer["data"] == {"success": True}
    sync = await settled(system, nango, connection)
    assert (sync["status"], sync["recordCount"]) == ("SUCCESS", count)


async def test_the_frequency_is_changed_shown_and_taken_back(nango: Nango, connection: str) -> None:
    changed = await nango.updateSyncConnectionFrequency(
        INTEGRATION, SYNC, connection, "every 30 minutes"
    )
    assert changed == {"frequency": "every 30 minutes"}
    assert (await status(nango, connection))["frequency"] == "every 30 minutes"
    named = {"name": SYNC, "variant": "base"}
    back = await nango.updateSyncConnectionFrequency(INTEGRATION, named, connection, None)
    assert back == {"frequency": "every hour"}
    assert (await status(nango, connection))["frequency"] == "every hour"
