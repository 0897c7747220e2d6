"""Fetching bodies: what a refusal interrupts is left to be fetched, never taken as fetched."""

from datetime import timedelta

import pytest

from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness

LARGE = b"All of it. " * 60_000


def thread_of_three(harness: SyncHarness, body: bytes = b"Hello.") -> set[str]:
    raw = b"From: bob@x.example\r\nSubject: Talk\r\n\r\n" + body
    first = harness.google.store.deliver(EMAIL, raw, internal_date=harness.clock.now())
    others = [
        harness.google.store.deliver(EMAIL, raw, thread_id=first.thread_id).id for _ in range(2)
    ]
    return {first.id, *others}


@pytest.mark.parametrize("fault", ["status_429", "status_403_rate", "too_many_concurrent"])
async def test_a_thread_refused_for_its_rate_is_read_later(
    harness: SyncHarness, fault: str
) -> None:
    await harness.settle()
    thread = thread_of_three(harness)
    harness.google.faults.add(fault, method="threads.get", times=1)
    before = (await harness.state()).checkpoint
    await harness.push()
    assert (await harness.state()).checkpoint == before
    harness.advance(timedelta(minutes=1))
    await harness.settle()
    assert thread <= (await harness.stored()).keys()


async def test_a_backfill_is_not_done_while_a_thread_was_refused(harness: SyncHarness) -> None:
    thread = thread_of_three(harness)
    harness.google.faults.add("status_429", method="threads.get", times=1)
    await harness.run()
    assert (await harness.state()).backfilling
    harness.advance(timedelta(minutes=1))
    await harness.settle()
    assert thread <= (await harness.stored()).keys()


@pytest.mark.parametrize("fault", ["status_500", "status_429"])
async def test_a_large_body_that_fails_within_a_thread_is_read_later(
    harness: SyncHarness, fault: str
) -> None:
    await harness.settle()
    thread = thread_of_three(harness, LARGE)
    harness.google.faults.add(fault, method="attachments.get", times=4)
    await harness.push()
    harness.advance(timedelta(minutes=10))
    await harness.settle()
    assert thread <= (await harness.stored()).keys()


async def failing(harness: SyncHarness, count: int, fault: str = "status_500") -> set[str]:
    """Deliver mail that Gmail does not hand out, while it answers everything else."""
    ids = {harness.deliver(f"Fails {n}") for n in range(count)}
    for method in ("messages.get", "threads.get"):
        harness.google.faults.add(fault, method=method, times=10_000)
    return ids


async def waited(harness: SyncHarness, step: timedelta) -> None:
    """Let the sync run whenever its state says, for so long."""
    ends = harness.clock.now() + step
    while (due := (await harness.state()).next_due_at) is not None and due < ends:
        harness.advance(max(due - harness.clock.now(), timedelta()))
        await harness.run()


@pytest.mark.parametrize("fault", ["status_500", "status_503", "drop_response"])
@pytest.mark.parametrize("count", [1, 3])
async def test_mail_that_always_fails_holds_nothing_up_though_none_comes_beside_it(
    harness: SyncHarness, count: int, fault: str
) -> None:
    known = harness.deliver("Known")
    await harness.settle()
    ids = await failing(harness, count, fault)
    await harness.push()
    await harness.gmail("POST", f"/messages/{known}/modify", {"addLabelIds": ["STARRED"]})
    await waited(harness, timedelta(minutes=2))
    assert "STARRED" in (await harness.stored())[known]
    state = await harness.state()
    assert (state.unmet_hint, state.last_error) == (None, None)
    aside = await harness.store.quarantine.list(CONNECTION, 10)
    assert {one.message_id for one in aside} == ids
    assert {one.reason for one in aside} == {"unavailable"}


async def test_mail_that_comes_at_last_is_stored_within_the_hour_of_no_other(
    harness: SyncHarness,
) -> None:
    await harness.settle()
    ids = await failing(harness, 1)
    await harness.push()
    await waited(harness, timedelta(days=2))
    assert not ids & (await harness.stored()).keys()
    harness.google.faults.clear()
    await waited(harness, timedelta(hours=1, minutes=1))
    assert ids <= (await harness.stored()).keys()
    assert await harness.store.quarantine.list(CONNECTION, 10) == []


async def test_a_first_sync_ends_though_no_message_comes(harness: SyncHarness) -> None:
    ids = await failing(harness, 3)
    await waited(harness, timedelta(minutes=2))
    assert not (await harness.state()).backfilling
    aside = await harness.store.quarantine.list(CONNECTION, 10)
    assert {one.message_id for one in aside} == ids


async def test_trouble_of_gmails_own_that_passes_blames_no_message(harness: SyncHarness) -> None:
    await harness.settle()
    ids = await failing(harness, 3)
    await harness.push()
    await waited(harness, timedelta(seconds=4))
    assert await harness.store.quarantine.list(CONNECTION, 10) == []
    harness.google.faults.clear()
    await waited(harness, timedelta(seconds=20))
    assert ids <= (await harness.stored()).keys()
