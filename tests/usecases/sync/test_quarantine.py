"""Quarantine: what could not be stored at first is stored later, whole."""

from datetime import timedelta

from shared.domain.sync.records.payload import unpack
from shared.domain.sync.records.record import Origin
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, SyncHarness

LARGE = 600_000
"""Bytes of text that Gmail answers behind an attachment id only (FACTS 4.5)."""


async def test_a_large_body_is_fetched_with_a_message_from_quarantine(harness: SyncHarness) -> None:
    await harness.settle()
    raw = b"From: bob@x.example\r\nSubject: Large\r\n\r\n" + b"All of it. " * (LARGE // 11)
    id = harness.google.store.deliver(EMAIL, raw, internal_date=harness.clock.now()).id
    harness.google.faults.add("fresh_404", times=1)
    await harness.push()
    assert id not in await harness.stored()
    harness.advance(timedelta(seconds=6))
    await harness.run()
    record = await harness.store.records.get(CONNECTION, id)  # type: ignore[arg-type]
    assert record is not None
    assert len(unpack(record.payload)["text"]) > LARGE - 100


async def test_old_mail_that_comes_late_stays_old_mail(harness: SyncHarness) -> None:
    id = harness.deliver("From last week")
    harness.google.faults.add("fresh_404", method="messages.get", times=1)
    await harness.settle()
    head = (await harness.heads())[id]
    assert head.origin is Origin.BACKFILL


async def unknown_to_gmail(harness: SyncHarness, subject: str) -> str:
    """Deliver a mail that messages.get does not know, until the faults end."""
    await harness.settle()
    arrived = harness.deliver(subject)
    harness.google.faults.add("fresh_404", times=1_000)
    await harness.push()
    return arrived


async def named(harness: SyncHarness) -> list[str]:
    return [entry.message_id for entry in await harness.store.quarantine.list(CONNECTION, 10)]


async def test_mail_that_gmail_does_not_know_for_an_hour_is_stored_after_it(
    harness: SyncHarness,
) -> None:
    late = await unknown_to_gmail(harness, "Late")
    for _ in range(3):
        harness.advance(timedelta(minutes=15))
        await harness.run()
        assert await named(harness) == [late]
    harness.google.faults.clear()
    harness.advance(timedelta(minutes=61))
    await harness.run()
    assert late in await harness.stored()
    assert not await named(harness)


async def test_mail_that_gmail_never_knew_again_is_gone_after_an_hour(harness: SyncHarness) -> None:
    lost = await unknown_to_gmail(harness, "Never seen")
    waited = timedelta()
    while await named(harness):
        waited += timedelta(minutes=3)
        harness.advance(timedelta(minutes=3))
        await harness.run()
    assert timedelta(hours=1) <= waited < timedelta(hours=2)
    assert lost not in await harness.heads()


async def test_mail_that_history_says_was_deleted_leaves_at_once(harness: SyncHarness) -> None:
    gone = await unknown_to_gmail(harness, "Deleted")
    assert await named(harness) == [gone]
    await harness.gmail("DELETE", f"/messages/{gone}")
    await harness.push()
    assert not await named(harness)
    assert gone not in await harness.stored()
