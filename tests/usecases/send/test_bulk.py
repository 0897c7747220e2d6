"""Many messages: all accepted or none, one after the other, each told, whatever dies."""

from asyncio import gather
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.send.bulk import BulkSend
from shared.domain.send.entry import SendState, send_id
from shared.errors import IdempotencyConflictError, InvalidRequestError
from shared.usecases.send.send_bulk import BulkMessage
from tests.harness.sending import BOB, CONNECTION, HELLO, SendHarness, request
from tests.usecases.connect.interrupted import Bomb, Crash, Interrupted

BUDGET = timedelta(minutes=4)


def messages(count: int, **fields: Any) -> list[BulkMessage]:
    return [
        BulkMessage(request(**{**HELLO, "subject": f"No {number}", **fields}), f"bulk-{number}")
        for number in range(count)
    ]


async def accept(harness: SendHarness, count: int, **fields: Any) -> BulkSend:
    return await harness.send_bulk(CONNECTION, messages(count, **fields))


def subjects(harness: SendHarness) -> list[str]:
    return [harness.read(id).text("Subject") for id in harness.inbox()]


async def drained(harness: SendHarness, bulk: BulkSend) -> BulkSend:
    """Do what reconcile and its tasks do until the bulk and its sends are done."""
    for _ in range(200):
        for id in await harness.store.bulk_sends.due(harness.clock.now(), 10):
            await harness.drain_bulk(id, budget=BUDGET)
        await harness.finish_due()
        known = await harness.store.sends.many(bulk.sends)
        if all(entry.state.final for entry in known.values()):
            found = await harness.store.bulk_sends.get(bulk.id)
            assert found is not None
            return found.value
        harness.advance(timedelta(seconds=30))
    raise AssertionError("the bulk does not end")


async def test_each_message_goes_out_once_and_each_outcome_is_told(harness: SendHarness) -> None:
    bulk = await accept(harness, 40)
    assert harness.inbox() == []
    assert (await drained(harness, bulk)).finished_at is not None
    assert sorted(subjects(harness)) == sorted(f"No {number}" for number in range(40))
    events = await harness.events("submitted")
    assert len(events) == 40
    assert {one["send"]["bulkId"] for one in events} == {bulk.id}
    assert {one["send"]["idempotencyKey"] for one in events} == {f"bulk-{n}" for n in range(40)}


async def test_the_same_call_again_is_the_same_bulk(harness: SendHarness) -> None:
    first, again = await accept(harness, 5), await accept(harness, 5)
    assert first == again
    await drained(harness, first)
    assert (await accept(harness, 5)).id == first.id
    await drained(harness, first)
    assert len(harness.inbox()) == 5


async def test_keys_are_shared_with_single_sends(harness: SendHarness) -> None:
    await harness.send("bulk-1", **{**HELLO, "subject": "No 1"})
    bulk = await accept(harness, 3)
    await drained(harness, bulk)
    assert Counter(subjects(harness)) == {"No 0": 1, "No 1": 1, "No 2": 1}
    replay = await harness.send("bulk-2", **{**HELLO, "subject": "No 2"})
    assert replay.replayed


async def test_a_key_with_another_body_refuses_the_whole(harness: SendHarness) -> None:
    await harness.send("bulk-1")
    with pytest.raises(IdempotencyConflictError, match=r"messages\.1"):
        await accept(harness, 3)
    assert await harness.store.sends.get(send_id(CONNECTION, "bulk-0")) is None


async def test_one_bad_message_refuses_the_whole_by_its_place(harness: SendHarness) -> None:
    bad = messages(3)
    bad[1] = BulkMessage(request(to=BOB, subject="Empty"), "bulk-1")
    bad[2] = BulkMessage(bad[2].request, "bulk-0")
    with pytest.raises(InvalidRequestError) as caught:
        await harness.send_bulk(CONNECTION, bad)
    found = {one.path: one.code for one in caught.value.problems}
    assert found == {
        ("messages", 1): "empty_message",
        ("messages", 2, "idempotency_key"): "duplicate_key",
    }
    assert await harness.store.sends.list(CONNECTION, 9) == []


@pytest.mark.parametrize("count", [0, 1_001])
async def test_a_bulk_has_1_to_1000_messages(harness: SendHarness, count: int) -> None:
    with pytest.raises(InvalidRequestError):
        await harness.send_bulk(CONNECTION, messages(1) * count)


async def test_what_turns_out_bad_only_in_the_mailbox_fails_alone(harness: SendHarness) -> None:
    mixed = messages(3)
    bad = request(reply_to_message_id="0" * 16, body="x")
    mixed[1] = BulkMessage(bad, "bulk-1")
    bulk = await harness.send_bulk(CONNECTION, mixed)
    await drained(harness, bulk)
    assert (await harness.entry("bulk-1")).error == "unknown_message"
    assert sorted(subjects(harness)) == ["No 0", "No 2"]
    assert Counter(one["operation"] for one in await harness.events()) == {
        "submitted": 2,
        "failed": 1,
    }


async def test_a_queued_message_can_be_called_off(harness: SendHarness) -> None:
    bulk = await accept(harness, 3)
    await harness.cancel_send(CONNECTION, "bulk-1")
    await drained(harness, bulk)
    assert sorted(subjects(harness)) == ["No 0", "No 2"]


async def test_a_limit_pauses_the_bulk_and_loses_nothing(harness: SendHarness) -> None:
    harness.fault("status_429", "drafts.send", after=7, times=3)
    bulk = await accept(harness, 20)
    paused = await harness.drain_bulk(bulk.id, budget=BUDGET)
    assert paused is not None
    assert paused.finished_at is None
    assert paused.next_due_at is not None
    assert paused.next_due_at - harness.clock.now() > timedelta(seconds=50)
    await drained(harness, bulk)
    assert Counter(subjects(harness)) == dict.fromkeys((f"No {n}" for n in range(20)), 1)


async def test_two_workers_never_drain_one_bulk_at_once(harness: SendHarness) -> None:
    bulk = await accept(harness, 10)
    outcomes = await gather(*(harness.drain_bulk(bulk.id, budget=BUDGET) for _ in range(4)))
    assert sum(one is not None for one in outcomes) == 1
    assert len(harness.inbox()) == 10


async def test_of_two_bulks_the_older_goes_first(harness: SendHarness) -> None:
    first = await accept(harness, 3)
    more = [BulkMessage(one.request, f"more-{n}") for n, one in enumerate(messages(3, body="2nd"))]
    second = await harness.send_bulk(CONNECTION, more)
    waiting = await harness.drain_bulk(second.id, budget=BUDGET)
    assert waiting is not None
    assert (waiting.position, harness.inbox()) == (0, [])
    await drained(harness, first)
    await drained(harness, second)
    assert len(harness.inbox()) == 6


async def test_a_bulk_survives_the_death_of_its_worker_at_every_call(harness: SendHarness) -> None:
    """Kill before and after each call in turn; every message arrives once all the same."""
    number, killed = 0, 0
    for after in (False, True):
        for at in range(1, 60, 7):
            fields = {"body": f"Round {at} {after}."}
            given = [
                BulkMessage(one.request, f"{at}-{after}-{n}")
                for n, one in enumerate(messages(4, **fields))
            ]
            bulk = await harness.send_bulk(CONNECTION, given)
            bomb = Bomb(at=at, after=after)
            harness.wrap = lambda port, name, bomb=bomb: Interrupted(port, name, bomb)  # type: ignore[misc]
            try:
                await harness.drain_bulk(bulk.id, budget=BUDGET)
            except* Crash:
                killed += 1
            harness.wrap = lambda port, _: port
            harness.advance(timedelta(minutes=3))
            await drained(harness, bulk)
            number += 4
            states = {one.state for one in (await harness.store.sends.many(bulk.sends)).values()}
            assert states == {SendState.SUBMITTED}
            assert len(harness.inbox()) == number
    assert killed > 10


async def test_accepting_dies_anywhere_and_the_same_call_completes_it(harness: SendHarness) -> None:
    for at in range(1, 12):
        given = [
            BulkMessage(one.request, f"{at}-{n}")
            for n, one in enumerate(messages(5, body=f"Round {at}."))
        ]
        bomb = Bomb(at=at, after=bool(at % 2))
        harness.wrap = lambda port, name, bomb=bomb: Interrupted(port, name, bomb)  # type: ignore[misc]
        with suppress(Crash):
            await harness.send_bulk(CONNECTION, given)
        harness.wrap = lambda port, _: port
        bulk = await harness.send_bulk(CONNECTION, given)
        await drained(harness, bulk)
    assert len(harness.inbox()) == 55


async def test_a_queued_message_sent_by_itself_goes_at_once_and_only_once(
    harness: SendHarness,
) -> None:
    bulk = await accept(harness, 3)
    single = await harness.send("bulk-1", **{**HELLO, "subject": "No 1"})
    assert single.entry.state is SendState.SUBMITTED
    await drained(harness, bulk)
    assert Counter(subjects(harness)) == {"No 0": 1, "No 1": 1, "No 2": 1}


async def test_the_pace_never_exceeds_the_allowance(harness: SendHarness) -> None:
    """With 6,000 units a minute sixty-odd messages take more than a minute of the clock."""
    harness.units_per_minute = 6_000

    async def sleep(duration: timedelta) -> None:
        harness.clock.advance(duration)

    harness.clock.sleep = sleep  # type: ignore[method-assign]
    bulk = await accept(harness, 60)
    began = harness.clock.now()
    await harness.drain_bulk(bulk.id, budget=BUDGET)
    took = harness.clock.now() - began
    needed = timedelta(minutes=60 * 110 / 6_000)
    assert needed * 0.97 < took < needed * 1.06
