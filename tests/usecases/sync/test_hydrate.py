"""Fetching bodies: what a refusal interrupts is left to be fetched, never taken as fetched."""

from datetime import timedelta

import pytest

from tests.harness.google import EMAIL
from tests.harness.syncing import SyncHarness

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
