"""What a sync sees of Gmail is noted beside what it does about it."""

from datetime import timedelta
from typing import Any

from shared.adapters.gmail.client import HttpGmail
from shared.domain.google.observations import Count, Duration, Kinds, Observed
from tests.harness.syncing import CONNECTION, SyncHarness


async def fault(harness: SyncHarness, name: str, **options: Any) -> None:
    path = "http://google.test/_control/faults"
    answer = await harness.http.post(path, json={"fault": name, **options})
    assert answer.status_code == 200, answer.text


def seen(harness: SyncHarness) -> Observed:
    found = harness.sync.sightings.take("0", harness.clock.now())
    assert found is not None
    return found


async def test_the_age_of_a_history_id_that_was_taken(harness: SyncHarness) -> None:
    await harness.settle()
    harness.advance(timedelta(days=3))
    harness.deliver("Later")
    await harness.push()
    taken = seen(harness).duration(Duration.HISTORY_TAKEN)
    assert timedelta(days=3) <= timedelta(seconds=taken.most) < timedelta(days=4)


async def test_a_history_id_that_was_refused_young_is_odd(harness: SyncHarness) -> None:
    await harness.settle()
    harness.deliver("First")
    await harness.push()
    harness.deliver("Second")
    await fault(harness, "history_expired", times=1)
    await harness.push()
    found = seen(harness)
    assert found.duration(Duration.HISTORY_REFUSED).count == 1
    assert found.counts[Count.FRESH_HISTORY_REFUSED] == 1


async def test_one_that_was_refused_after_days_is_not(harness: SyncHarness) -> None:
    await harness.settle()
    harness.deliver("First")
    await harness.push()
    harness.advance(timedelta(days=9))
    harness.deliver("Second")
    await fault(harness, "history_expired", times=1)
    await harness.push()
    found = seen(harness)
    assert found.duration(Duration.HISTORY_REFUSED).least > timedelta(days=8).total_seconds()
    assert Count.FRESH_HISTORY_REFUSED not in found.counts


async def test_a_message_that_is_found_late(harness: SyncHarness) -> None:
    await harness.settle()
    await fault(harness, "fresh_404", times=1)
    harness.deliver("Early")
    await harness.push()
    for _ in range(3):
        harness.advance(timedelta(minutes=5))
        await harness.run()
    found = seen(harness).duration(Duration.FOUND_AFTER)
    assert found.count == 1
    assert 0 < found.most < timedelta(hours=1).total_seconds()


async def test_a_message_that_is_never_found(harness: SyncHarness) -> None:
    await harness.settle()
    await fault(harness, "fresh_404")
    harness.deliver("Ghost")
    await harness.push()
    for _ in range(8):
        harness.advance(timedelta(minutes=30))
        await harness.run()
    assert seen(harness).counts == {Count.NEVER_FOUND: 1}


async def test_a_refusal_is_counted_by_what_it_says(harness: SyncHarness) -> None:
    await harness.settle()
    gmail = harness.sync.gmail.of(CONNECTION)
    assert isinstance(gmail, HttpGmail)
    await fault(harness, "refuse", status=418, reason="teapot", message="Short and stout", times=1)
    harness.deliver("Tea")
    await harness.push()
    found = gmail.requests.sightings.take("0", harness.clock.now())
    assert found is not None
    assert found.kind(Kinds.REFUSALS) == {"418.teapot.call": 1}
    assert [(one.kind, one.told) for one in found.surprises] == [("refusal", "418.teapot")]
