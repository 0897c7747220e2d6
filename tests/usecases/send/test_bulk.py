"""Many messages: all accepted or none, one after the other, each told, whatever dies."""

from asyncio import gather
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ids import SHARDS
from shared.domain.send.bulk import BulkSend
from shared.domain.send.entry import SendState, send_id
from shared.errors import IdempotencyConflictError, InvalidRequestError
from shared.usecases.send.send_bulk import BulkMessage
from tests.usecases.connect.interrupted import Bomb, Crash, Interrupted
from tests.usecases.send.office import BOB, CONNECTION, HELLO, Office, request

BUDGET = timedelta(minutes=4)


def messages(count: int, **fields: Any) -> list[BulkMessage]:
    return [
        BulkMessage(request(**{**HELLO, "subject": f"No {number}", **fields}), f"bulk-{number}")
        for number in range(count)
    ]


async def accept(office: Office, count: int, **fields: Any) -> BulkSend:
    return await office.send_bulk(CONNECTION, messages(count, **fields))


def subjects(office: Office) -> list[str]:
    return [office.read(id).text("Subject") for id in office.inbox()]


async def drained(office: Office, bulk: BulkSend) -> BulkSend:
    """Do what reconcile and its tasks do until the bulk and its sends are done."""
    for _ in range(200):
        for shard in range(SHARDS):
            for id in await office.store.bulk_sends.due(shard, office.clock.now(), 10):
                await office.drain_bulk(id, budget=BUDGET)
        await office.finish_due()
        known = await office.store.sends.many(bulk.sends)
        if all(entry.state.final for entry in known.values()):
            found = await office.store.bulk_sends.get(bulk.id)
            assert found is not None
            return found.value
        office.advance(timedelta(seconds=30))
    raise AssertionError("the bulk does not end")


async def test_each_message_goes_out_once_and_each_outcome_is_told(office: Office) -> None:
    bulk = await accept(office, 40)
    assert office.inbox() == []
    assert (await drained(office, bulk)).finished_at is not None
    assert sorted(subjects(office)) == sorted(f"No {number}" for number in range(40))
    events = await office.events("submitted")
    assert len(events) == 40
    assert {one["send"]["bulkId"] for one in events} == {bulk.id}
    assert {one["send"]["idempotencyKey"] for one in events} == {f"bulk-{n}" for n in range(40)}


async def test_the_same_call_again_is_the_same_bulk(office: Office) -> None:
    first, again = await accept(office, 5), await accept(office, 5)
    assert first == again
    await drained(office, first)
    assert (await accept(office, 5)).id == first.id
    await drained(office, first)
    assert len(office.inbox()) == 5


async def test_keys_are_shared_with_single_sends(office: Office) -> None:
    await office.send("bulk-1", **{**HELLO, "subject": "No 1"})
    bulk = await accept(office, 3)
    await drained(office, bulk)
    assert Counter(subjects(office)) == {"No 0": 1, "No 1": 1, "No 2": 1}
    replay = await office.send("bulk-2", **{**HELLO, "subject": "No 2"})
    assert replay.replayed


async def test_a_key_with_another_body_refuses_the_whole(office: Office) -> None:
    await office.send("bulk-1")
    with pytest.raises(IdempotencyConflictError, match=r"messages\.1"):
        await accept(office, 3)
    assert await office.store.sends.get(send_id(CONNECTION, "bulk-0")) is None


async def test_one_bad_message_refuses_the_whole_by_its_place(office: Office) -> None:
    bad = messages(3)
    bad[1] = BulkMessage(request(to=BOB, subject="Empty"), "bulk-1")
    bad[2] = BulkMessage(bad[2].request, "bulk-0")
    with pytest.raises(InvalidRequestError) as caught:
        await office.send_bulk(CONNECTION, bad)
    found = {one.path: one.code for one in caught.value.problems}
    assert found == {
        ("messages", 1): "empty_message",
        ("messages", 2, "idempotency_key"): "duplicate_key",
    }
    assert await office.store.sends.list(CONNECTION, 9) == []


@pytest.mark.parametrize("count", [0, 1_001])
async def test_a_bulk_has_1_to_1000_messages(office: Office, count: int) -> None:
    with pytest.raises(InvalidRequestError):
        await office.send_bulk(CONNECTION, messages(1) * count)


async def test_what_turns_out_bad_only_in_the_mailbox_fails_alone(office: Office) -> None:
    mixed = messages(3)
    bad = request(reply_to_message_id="0" * 16, body="x")
    mixed[1] = BulkMessage(bad, "bulk-1")
    bulk = await office.send_bulk(CONNECTION, mixed)
    await drained(office, bulk)
    assert (await office.entry("bulk-1")).error == "unknown_message"
    assert sorted(subjects(office)) == ["No 0", "No 2"]
    assert Counter(one["operation"] for one in await office.events()) == {
        "submitted": 2,
        "failed": 1,
    }


async def test_a_queued_message_can_be_called_off(office: Office) -> None:
    bulk = await accept(office, 3)
    await office.cancel_send(CONNECTION, "bulk-1")
    await drained(office, bulk)
    assert sorted(subjects(office)) == ["No 0", "No 2"]


async def test_a_limit_pauses_the_bulk_and_loses_nothing(office: Office) -> None:
    office.fault("status_429", "drafts.send", after=7, times=3)
    bulk = await accept(office, 20)
    paused = await office.drain_bulk(bulk.id, budget=BUDGET)
    assert paused is not None
    assert paused.finished_at is None
    assert paused.next_due_at is not None
    assert paused.next_due_at - office.clock.now() > timedelta(seconds=50)
    await drained(office, bulk)
    assert Counter(subjects(office)) == dict.fromkeys((f"No {n}" for n in range(20)), 1)


async def test_two_workers_never_drain_one_bulk_at_once(office: Office) -> None:
    bulk = await accept(office, 10)
    outcomes = await gather(*(office.drain_bulk(bulk.id, budget=BUDGET) for _ in range(4)))
    assert sum(one is not None for one in outcomes) == 1
    assert len(office.inbox()) == 10


async def test_of_two_bulks_the_older_goes_first(office: Office) -> None:
    first = await accept(office, 3)
    more = [BulkMessage(one.request, f"more-{n}") for n, one in enumerate(messages(3, body="2nd"))]
    second = await office.send_bulk(CONNECTION, more)
    waiting = await office.drain_bulk(second.id, budget=BUDGET)
    assert waiting is not None
    assert (waiting.position, office.inbox()) == (0, [])
    await drained(office, first)
    await drained(office, second)
    assert len(office.inbox()) == 6


async def test_a_bulk_survives_the_death_of_its_worker_at_every_call(office: Office) -> None:
    """Kill before and after each call in turn; every message arrives once all the same."""
    number, killed = 0, 0
    for after in (False, True):
        for at in range(1, 60, 7):
            fields = {"body": f"Round {at} {after}."}
            given = [
                BulkMessage(one.request, f"{at}-{after}-{n}")
                for n, one in enumerate(messages(4, **fields))
            ]
            bulk = await office.send_bulk(CONNECTION, given)
            bomb = Bomb(at=at, after=after)
            office.wrap = lambda port, name, bomb=bomb: Interrupted(port, name, bomb)  # type: ignore[misc]
            try:
                await office.drain_bulk(bulk.id, budget=BUDGET)
            except* Crash:
                killed += 1
            office.wrap = lambda port, _: port
            office.advance(timedelta(minutes=3))
            await drained(office, bulk)
            number += 4
            states = {one.state for one in (await office.store.sends.many(bulk.sends)).values()}
            assert states == {SendState.SUBMITTED}
            assert len(office.inbox()) == number
    assert killed > 10


async def test_accepting_dies_anywhere_and_the_same_call_completes_it(office: Office) -> None:
    for at in range(1, 12):
        given = [
            BulkMessage(one.request, f"{at}-{n}")
            for n, one in enumerate(messages(5, body=f"Round {at}."))
        ]
        bomb = Bomb(at=at, after=bool(at % 2))
        office.wrap = lambda port, name, bomb=bomb: Interrupted(port, name, bomb)  # type: ignore[misc]
        with suppress(Crash):
            await office.send_bulk(CONNECTION, given)
        office.wrap = lambda port, _: port
        bulk = await office.send_bulk(CONNECTION, given)
        await drained(office, bulk)
    assert len(office.inbox()) == 55


async def test_a_queued_message_sent_by_itself_goes_at_once_and_only_once(office: Office) -> None:
    bulk = await accept(office, 3)
    single = await office.send("bulk-1", **{**HELLO, "subject": "No 1"})
    assert single.entry.state is SendState.SUBMITTED
    await drained(office, bulk)
    assert Counter(subjects(office)) == {"No 0": 1, "No 1": 1, "No 2": 1}


async def test_the_pace_never_exceeds_the_allowance(office: Office) -> None:
    """With 6,000 units a minute sixty-odd messages take more than a minute of the clock."""
    office.units = 6_000

    async def sleep(duration: timedelta) -> None:
        office.clock.advance(duration)

    office.clock.sleep = sleep  # type: ignore[method-assign]
    bulk = await accept(office, 60)
    began = office.clock.now()
    await office.drain_bulk(bulk.id, budget=BUDGET)
    took = office.clock.now() - began
    needed = timedelta(minutes=60 * 110 / 6_000)
    assert needed * 0.97 < took < needed * 1.06
