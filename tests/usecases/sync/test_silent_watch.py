"""A watch that is armed anew and still announces nothing is told as silent (FACTS 15.6)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import GoogleSub, HistoryId, MailboxId
from shared.domain.sync.mailbox import WATCH_LIFETIME, Mailbox
from shared.usecases.sync.watch.events import SILENT
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness

HOUR = timedelta(hours=1, minutes=1)
SOON = timedelta(seconds=5)


@pytest.fixture(autouse=True)
async def connected(harness: SyncHarness) -> None:
    now = harness.clock.now()
    await harness.store.connections.create(
        Connection(
            CONNECTION, EMAIL, GoogleSub("7"), frozenset(), ConnectionStatus.ACTIVE, now, now
        )
    )
    await harness.store.mailboxes.create(Mailbox(MailboxId(EMAIL), frozenset({CONNECTION})))
    await harness.arming()(CONNECTION)


async def mailbox(harness: SyncHarness) -> Mailbox:
    found = await harness.store.mailboxes.get(EMAIL)
    assert found is not None
    return found.value


async def told(harness: SyncHarness) -> list[Any]:
    """Return operation, success and version of the watch events, oldest first."""
    found = await harness.store.outbox.list(state=None, connection_id=CONNECTION, limit=50)
    news = [
        (one.version, one.payload["operation"], one.payload["success"])
        for one in found
        if one.type == "watch"
    ]
    return [what[1:] for what in sorted(news)]


async def restart(harness: SyncHarness, times: int) -> None:
    for _ in range(times):
        harness.advance(HOUR)
        await harness.arming().restart(CONNECTION)


async def push(harness: SyncHarness) -> None:
    harness.advance(SOON)
    await harness.notifying()(EMAIL, HistoryId(harness.google.store.history_id(EMAIL)))


async def test_two_revivals_in_vain_are_told_once_and_logged_for_the_alert(
    harness: SyncHarness, caplog: pytest.LogCaptureFixture
) -> None:
    await restart(harness, 2)
    assert await told(harness) == []
    assert (await mailbox(harness)).watch_error is None
    await restart(harness, 3)
    assert await told(harness) == [("silent", False)]
    assert [one.getMessage() for one in caplog.records].count("watch stays silent") == 1
    assert (await mailbox(harness)).watch_error == SILENT


async def test_a_renewal_does_not_make_it_well_and_a_push_does(harness: SyncHarness) -> None:
    await restart(harness, 3)
    harness.advance(WATCH_LIFETIME)
    assert (await harness.renewing()()).armed == 1
    assert (await mailbox(harness)).watch_error == SILENT
    await push(harness)
    await push(harness)
    assert await told(harness) == [("silent", False), ("recovered", True)]
    well = await mailbox(harness)
    assert (well.watch_error, well.silent_since, well.vain_revivals) == (None, None, 0)


async def test_a_push_between_two_revivals_begins_the_count_anew(harness: SyncHarness) -> None:
    await restart(harness, 2)
    await push(harness)
    await restart(harness, 2)
    assert await told(harness) == []
    await restart(harness, 1)
    assert await told(harness) == [("silent", False)]


async def test_a_push_right_after_the_revival_counts_although_one_was_just_noted(
    harness: SyncHarness,
) -> None:
    """Pushes are noted once an hour, but the first after a revival always."""
    for _ in range(4):
        harness.advance(HOUR)
        await push(harness)
        harness.advance(SOON)
        await harness.arming().restart(CONNECTION)
        await push(harness)
    assert (await mailbox(harness)).vain_revivals == 0
    assert await told(harness) == []


async def test_what_befalls_a_silent_watch_is_told_in_order(harness: SyncHarness) -> None:
    """It lapses, is armed again, and is well only when it announces something."""
    await restart(harness, 3)
    harness.google.faults.add("status_503", method="watch")
    harness.advance(WATCH_LIFETIME + HOUR)
    await harness.renewing()()
    harness.google.faults.clear()
    harness.advance(HOUR)
    await harness.renewing()()
    await push(harness)
    assert await told(harness) == [("silent", False), ("lapsed", False), ("recovered", True)]
