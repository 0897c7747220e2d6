"""Most of a mailbox's messages refused alike: the mailbox's trouble, not so many quarantines."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.sync.status import coverage
from shared.usecases.sync.work.run import BLAMED_AFTER
from tests.harness.syncing import CONNECTION, SyncHarness
from tests.usecases.sync.test_failure_events import told
from tests.usecases.sync.test_trouble import clear, fault

HOUR = timedelta(hours=1)
REFUSAL: dict[str, Any] = {"status": 403, "reason": "heldBack", "message": "No."}


async def refuse(harness: SyncHarness, **options: Any) -> None:
    await fault(harness, "refuse", method="messages.get", **REFUSAL, **options)


async def waited(harness: SyncHarness, time: timedelta) -> None:
    """Run whenever it is due, for so long."""
    end = harness.clock.now() + time
    while harness.clock.now() < end:
        due = (await harness.state()).next_due_at or end
        harness.advance(max(min(due, end) - harness.clock.now(), timedelta(seconds=1)))
        await harness.run()


async def aside(harness: SyncHarness) -> int:
    return len(await harness.store.quarantine.list(CONNECTION, 1_000))


async def test_a_mailbox_whose_messages_are_all_refused_waits_with_none_set_aside(
    harness: SyncHarness,
) -> None:
    """However long it lasts; once it is over everything is stored within the hour."""
    for n in range(30):
        harness.deliver(f"Mail {n}")
    await refuse(harness)
    await harness.run()
    state = await harness.state()
    assert (state.last_error, coverage(state)) == ("messages_refused", "partial")
    began = state.failing_since
    await waited(harness, 6 * HOUR)
    state = await harness.state()
    assert (await aside(harness), state.failing_since) == (0, began)
    assert state.deferred_until is not None
    assert state.deferred_until - harness.clock.now() <= HOUR
    (event,) = await told(harness)
    assert event["error"]["type"] == "messages_refused"
    assert event["error"]["docs"] == "operating#messages_refused"
    assert (event["coverage"], event["deferred"]["class"]) == ("partial", "mailbox")
    await clear(harness)
    await waited(harness, HOUR)
    assert await harness.stored() == harness.mailbox()
    assert (await harness.state()).last_error is None


async def test_messages_that_are_refused_beside_readable_ones_are_set_aside_at_last(
    harness: SyncHarness,
) -> None:
    """They hold nothing up for ever: one that is stored says that the mailbox can be read."""
    await harness.settle()
    known = harness.deliver("Known")
    await harness.push()
    for n in range(5):
        harness.deliver(f"Refused {n}")
    await refuse(harness, times=5 * (BLAMED_AFTER + 1))
    await harness.push()
    assert (await aside(harness), (await harness.state()).last_error) == (0, "messages_refused")
    await waited(harness, timedelta(seconds=20))
    assert (await aside(harness), (await harness.state()).last_error) == (5, None)
    await waited(harness, HOUR)
    assert known in await harness.stored()
    assert await harness.stored() == harness.mailbox()


@pytest.mark.parametrize("count", [1, 2])
async def test_few_messages_are_their_own_trouble(harness: SyncHarness, count: int) -> None:
    await harness.settle()
    for n in range(count):
        harness.deliver(f"Refused {n}")
    await refuse(harness)
    await harness.push()
    assert (await aside(harness), (await harness.state()).last_error) == (count, None)


async def test_an_event_counts_what_is_set_aside(harness: SyncHarness) -> None:
    """After the commit that it reports: how many, since when, and why how often."""
    await harness.settle()
    harness.deliver("Refused")
    await refuse(harness, times=1)
    await harness.push()
    harness.deliver("Readable")
    await harness.push()
    (event, *_) = await harness.store.outbox.list(state=None, connection_id=None, limit=1)
    shown = event.payload["quarantined"]
    assert (shown["count"], shown["reasons"]) == (1, {"heldBack": 1})
    assert event.payload["checkpoints"]["from"] != event.payload["checkpoints"]["to"]
