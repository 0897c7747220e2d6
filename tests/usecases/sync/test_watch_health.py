"""A watch that lives by its date and announces nothing is found out (FACTS 2.3, 15.6)."""

from datetime import timedelta

from tests.harness.syncing import SyncHarness

HOUR = timedelta(hours=1, minutes=1)


async def test_changes_that_no_push_announced_revive_the_watch(harness: SyncHarness) -> None:
    await harness.settle()
    harness.deliver("Unheard")
    harness.advance(HOUR)
    await harness.settle()
    assert harness.watch.revived == 1
    assert (await harness.state()).unannounced_at is not None


async def test_changes_whose_push_came_within_minutes_do_not(harness: SyncHarness) -> None:
    await harness.settle()
    harness.deliver("Heard late")
    harness.advance(HOUR)
    await harness.run()
    await harness.push()
    await harness.settle()
    assert harness.watch.revived == 0


async def test_the_next_push_proves_the_watch_alive(harness: SyncHarness) -> None:
    await harness.settle()
    harness.deliver("Unheard")
    harness.advance(HOUR)
    await harness.settle()
    harness.deliver("Heard")
    await harness.push()
    assert (await harness.state()).unannounced_at is None
