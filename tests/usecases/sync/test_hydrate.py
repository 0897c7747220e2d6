"""Fetching bodies: what a refusal interrupts is left to be fetched, never taken as fetched."""

from datetime import timedelta

import pytest

from tests.usecases.sync.house import CONNECTION, EMAIL, House

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


async def failing(house: House, count: int, fault: str = "status_500") -> set[str]:
    """Deliver mail that Gmail does not hand out, while it answers everything else."""
    ids = {house.deliver(f"Fails {n}") for n in range(count)}
    for method in ("messages.get", "threads.get"):
        house.google.faults.add(fault, method=method, times=10_000)
    return ids


async def waited(house: House, step: timedelta) -> None:
    """Let the sync run whenever its state says, for so long."""
    ends = house.clock.now() + step
    while (due := (await house.state()).next_due_at) is not None and due < ends:
        house.advance(max(due - house.clock.now(), timedelta()))
        await house.run()


@pytest.mark.parametrize("fault", ["status_500", "status_503", "drop_response"])
@pytest.mark.parametrize("count", [1, 3])
async def test_mail_that_always_fails_holds_nothing_up_though_none_comes_beside_it(
    house: House, count: int, fault: str
) -> None:
    known = house.deliver("Known")
    await house.settle()
    ids = await failing(house, count, fault)
    await house.push()
    await house.gmail("POST", f"/messages/{known}/modify", {"addLabelIds": ["STARRED"]})
    await waited(house, timedelta(minutes=2))
    assert "STARRED" in (await house.stored())[known]
    state = await house.state()
    assert (state.unmet_hint, state.last_error) == (None, None)
    aside = await house.store.quarantine.list(CONNECTION, 10)
    assert {one.message_id for one in aside} == ids
    assert {one.reason for one in aside} == {"unavailable"}


async def test_mail_that_comes_at_last_is_stored_within_the_hour_of_no_other(house: House) -> None:
    await house.settle()
    ids = await failing(house, 1)
    await house.push()
    await waited(house, timedelta(days=2))
    assert not ids & (await house.stored()).keys()
    house.google.faults.clear()
    await waited(house, timedelta(hours=1, minutes=1))
    assert ids <= (await house.stored()).keys()
    assert await house.store.quarantine.list(CONNECTION, 10) == []


async def test_a_first_sync_ends_though_no_message_comes(house: House) -> None:
    ids = await failing(house, 3)
    await waited(house, timedelta(minutes=2))
    assert not (await house.state()).backfilling
    aside = await house.store.quarantine.list(CONNECTION, 10)
    assert {one.message_id for one in aside} == ids


async def test_trouble_of_gmails_own_that_passes_blames_no_message(house: House) -> None:
    await house.settle()
    ids = await failing(house, 3)
    await house.push()
    await waited(house, timedelta(seconds=4))
    assert await house.store.quarantine.list(CONNECTION, 10) == []
    house.google.faults.clear()
    await waited(house, timedelta(seconds=20))
    assert ids <= (await house.stored()).keys()
