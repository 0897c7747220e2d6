"""Backfill: the whole window, newest first, while live mail goes on."""

from collections import deque
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from infra.local.google.corpus import seed_messages
from shared.domain.ids import MessageId, ThreadId
from shared.ports.gmail import MessageRef
from shared.usecases.sync.run import Listing, Run
from tests.usecases.sync.house import EMAIL, House


async def seeded(house: House, count: int, span_days: int = 25) -> None:
    mails = seed_messages(EMAIL, count, span_days, house.clock.now())
    house.google.store.deliver_many(
        EMAIL, ((mail.raw, mail.internal_date, mail.label_ids) for mail in mails)
    )


async def test_the_records_equal_the_mailbox(house: House) -> None:
    await seeded(house, 300)
    await house.settle()
    assert await house.stored() == house.mailbox()
    state = await house.state()
    assert not state.backfilling
    assert state.live_records == 300
    assert state.lease is None


async def test_mail_older_than_the_window_stays_out(house: House) -> None:
    await seeded(house, 60, span_days=90)
    await house.settle()
    state = await house.state()
    assert await house.stored() == house.mailbox(since=state.window_start)
    assert 0 < len(await house.stored()) < 60


async def test_an_empty_mailbox_is_done_at_once(house: House) -> None:
    await house.settle()
    assert await house.stored() == {}
    assert not (await house.state()).backfilling


async def test_mail_that_arrives_during_a_backfill_is_stored_too(house: House) -> None:
    await seeded(house, 150)
    await house.run(only_live=True)
    arrived = house.deliver("While you were reading")
    await house.push()
    assert arrived in await house.stored()
    await house.settle()
    assert await house.stored() == house.mailbox()


async def test_a_backfill_is_announced_once_with_its_count(house: House) -> None:
    await seeded(house, 70)
    await house.settle()
    events = await house.store.outbox.list(state=None, connection_id=None, limit=10)
    assert [event.payload["syncType"] for event in events] == ["INITIAL"]
    assert events[0].payload["responseResults"]["added"] == 70


async def test_long_threads_are_read_whole_to_save_units(house: House) -> None:
    await seeded(house, 300)
    await house.settle()
    assert house.units() < 300 * 20 * 0.9


def test_deleted_messages_are_struck_off_the_pages_listed_ahead() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def page(*ids: str) -> Listing:
        refs = [MessageRef(MessageId(id), ThreadId("t")) for id in ids]
        return Listing(refs, None, len(refs), now, len(refs))

    run: Any = SimpleNamespace(listing=page("a", "b"), ahead=deque([page("c"), page("d", "e")]))
    Run.strike(run, {MessageId("b"), MessageId("d")})
    left = [[ref.id for ref in one.refs] for one in (run.listing, *run.ahead)]
    assert left == [["a"], ["c"], ["e"]]
