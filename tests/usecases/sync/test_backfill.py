"""Backfill: the whole window, newest first, while live mail goes on."""

from collections import deque
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from infra.local.google.corpus import seed_messages
from shared.domain.ids import MessageId, ThreadId
from shared.ports.google.gmail import MessageRef
from shared.usecases.sync.work.backfill import FIRST_CHUNK
from shared.usecases.sync.work.run import Listing, Run
from tests.harness.google import EMAIL, PLENTY
from tests.harness.syncing import CONNECTION, SyncHarness, sync_harness


async def seeded(harness: SyncHarness, count: int, span_days: int = 25) -> None:
    mails = seed_messages(EMAIL, count, span_days, harness.clock.now())
    harness.google.store.deliver_many(
        EMAIL, ((mail.raw, mail.internal_date, mail.label_ids) for mail in mails)
    )


async def test_the_records_equal_the_mailbox(harness: SyncHarness) -> None:
    await seeded(harness, 300)
    await harness.settle()
    assert await harness.stored() == harness.mailbox()
    state = await harness.state()
    assert not state.backfilling
    assert state.live_records == 300
    assert state.lease is None


async def test_mail_older_than_the_window_stays_out(harness: SyncHarness) -> None:
    await seeded(harness, 60, span_days=90)
    await harness.settle()
    state = await harness.state()
    assert await harness.stored() == harness.mailbox(since=state.window_start)
    assert 0 < len(await harness.stored()) < 60


async def test_an_empty_mailbox_is_done_at_once(harness: SyncHarness) -> None:
    await harness.settle()
    assert await harness.stored() == {}
    assert not (await harness.state()).backfilling


async def test_mail_that_arrives_during_a_backfill_is_stored_too(harness: SyncHarness) -> None:
    await seeded(harness, 150)
    await harness.run(only_live=True)
    arrived = harness.deliver("While you were reading")
    await harness.push()
    assert arrived in await harness.stored()
    await harness.settle()
    assert await harness.stored() == harness.mailbox()


async def test_a_backfill_is_announced_once_with_its_count(harness: SyncHarness) -> None:
    await seeded(harness, 70)
    await harness.settle()
    events = await harness.store.outbox.list(state=None, connection_id=None, limit=10)
    assert [event.payload["syncType"] for event in events] == ["INITIAL"]
    assert events[0].payload["responseResults"]["added"] == 70


async def test_long_threads_are_read_whole_to_save_units(harness: SyncHarness) -> None:
    await seeded(harness, 300)
    await harness.settle()
    assert harness.units() < 300 * 20 * 0.9


async def test_ten_are_asked_for_at_once_while_the_newest_come_then_five() -> None:
    async with sync_harness(pace=6_000) as harness:
        await seeded(harness, 300)
        harness.fault("latency", delay_ms=1)
        await harness.sync(CONNECTION, budget=timedelta(seconds=1))
        assert harness.most_in_flight() == 10
        assert FIRST_CHUNK <= len(await harness.stored()) < 300
        harness.google.stats.reset()
        await harness.settle()
        assert harness.most_in_flight() == 5
        assert len(await harness.stored()) == 300


async def test_a_first_chunk_of_which_nothing_came_is_hurried_once() -> None:
    async with sync_harness(pace=6_000) as harness:
        await seeded(harness, 300)
        harness.fault("latency", delay_ms=1)
        harness.fault("body_not_json", method="messages.get", times=10_000)
        harness.fault("body_not_json", method="threads.get", times=10_000)
        await harness.sync(CONNECTION, budget=timedelta(seconds=1))
        assert await harness.stored() == {}
        harness.google.stats.reset()
        await harness.sync(CONNECTION, budget=timedelta(minutes=1))
        assert harness.most_in_flight() == 5


async def test_a_mailbox_that_takes_fewer_at_once_is_read_five_at_a_time(
    harness: SyncHarness,
) -> None:
    await seeded(harness, 100)
    harness.fault("latency", delay_ms=1)
    harness.google.quota.reset(PLENTY, concurrent_requests=7)
    await harness.run()
    assert harness.most_in_flight() == 7
    harness.google.stats.reset()
    harness.advance(timedelta(minutes=5))
    await harness.settle()
    assert harness.most_in_flight() <= 5
    assert len(await harness.stored()) == 100


def test_deleted_messages_are_struck_off_the_pages_listed_ahead() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def page(*ids: str) -> Listing:
        refs = [MessageRef(MessageId(id), ThreadId("t")) for id in ids]
        return Listing(refs, None, len(refs), now, len(refs))

    run: Any = SimpleNamespace(listing=page("a", "b"), ahead=deque([page("c"), page("d", "e")]))
    Run.strike(run, {MessageId("b"), MessageId("d")})
    left = [[ref.id for ref in one.refs] for one in (run.listing, *run.ahead)]
    assert left == [["a"], ["c"], ["e"]]
