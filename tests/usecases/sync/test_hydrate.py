"""Fetching bodies: what a refusal interrupts is left to be fetched, never taken as fetched."""

from datetime import timedelta

import pytest

from tests.usecases.sync.house import EMAIL, House

LARGE = b"All of it. " * 60_000


def thread_of_three(house: House, body: bytes = b"Hello.") -> set[str]:
    raw = b"From: bob@x.example\r\nSubject: Talk\r\n\r\n" + body
    first = house.google.store.deliver(EMAIL, raw, internal_date=house.clock.now())
    others = [
        house.google.store.deliver(EMAIL, raw, thread_id=first.thread_id).id for _ in range(2)
    ]
    return {first.id, *others}


@pytest.mark.parametrize("fault", ["status_429", "status_403_rate", "too_many_concurrent"])
async def test_a_thread_refused_for_its_rate_is_read_later(house: House, fault: str) -> None:
    await house.settle()
    thread = thread_of_three(house)
    house.google.faults.add(fault, method="threads.get", times=1)
    before = (await house.state()).checkpoint
    await house.push()
    assert (await house.state()).checkpoint == before
    house.advance(timedelta(minutes=1))
    await house.settle()
    assert thread <= (await house.stored()).keys()


async def test_a_backfill_is_not_done_while_a_thread_was_refused(house: House) -> None:
    thread = thread_of_three(house)
    house.google.faults.add("status_429", method="threads.get", times=1)
    await house.run()
    assert (await house.state()).backfilling
    house.advance(timedelta(minutes=1))
    await house.settle()
    assert thread <= (await house.stored()).keys()


@pytest.mark.parametrize("fault", ["status_500", "status_429"])
async def test_a_large_body_that_fails_within_a_thread_is_read_later(
    house: House, fault: str
) -> None:
    await house.settle()
    thread = thread_of_three(house, LARGE)
    house.google.faults.add(fault, method="attachments.get", times=4)
    await house.push()
    house.advance(timedelta(minutes=10))
    await house.settle()
    assert thread <= (await house.stored()).keys()
