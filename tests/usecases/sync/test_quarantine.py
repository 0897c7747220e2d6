"""Quarantine: what could not be stored at first is stored later, whole."""

from datetime import timedelta

from shared.domain.sync.payload import unpack
from shared.domain.sync.record import Origin
from tests.usecases.sync.house import CONNECTION, EMAIL, House

LARGE = 600_000
"""Bytes of text that Gmail answers behind an attachment id only (FACTS 4.5)."""


async def test_a_large_body_is_fetched_with_a_message_from_quarantine(house: House) -> None:
    await house.settle()
    raw = b"From: bob@x.example\r\nSubject: Large\r\n\r\n" + b"All of it. " * (LARGE // 11)
    id = house.google.store.deliver(EMAIL, raw, internal_date=house.clock.now()).id
    house.google.faults.add("fresh_404", times=1)
    await house.push()
    assert id not in await house.stored()
    house.advance(timedelta(seconds=6))
    await house.run()
    record = await house.store.records.get(CONNECTION, id)  # type: ignore[arg-type]
    assert record is not None
    assert len(unpack(record.payload)["text"]) > LARGE - 100


async def test_old_mail_that_comes_late_stays_old_mail(house: House) -> None:
    id = house.deliver("From last week")
    house.google.faults.add("fresh_404", method="messages.get", times=1)
    await house.settle()
    head = (await house.heads())[id]
    assert head.origin is Origin.BACKFILL


async def unknown_to_gmail(house: House, subject: str) -> str:
    """Deliver a mail that messages.get does not know, until the faults end."""
    await house.settle()
    arrived = house.deliver(subject)
    house.google.faults.add("fresh_404", times=1_000)
    await house.push()
    return arrived


async def named(house: House) -> list[str]:
    return [entry.message_id for entry in await house.store.quarantine.list(CONNECTION, 10)]


async def test_mail_that_gmail_does_not_know_for_an_hour_is_stored_after_it(house: House) -> None:
    late = await unknown_to_gmail(house, "Late")
    for _ in range(3):
        house.advance(timedelta(minutes=15))
        await house.run()
        assert await named(house) == [late]
    house.google.faults.clear()
    house.advance(timedelta(minutes=61))
    await house.run()
    assert late in await house.stored()
    assert not await named(house)


async def test_mail_that_gmail_never_knew_again_is_gone_after_an_hour(house: House) -> None:
    lost = await unknown_to_gmail(house, "Never seen")
    waited = timedelta()
    while await named(house):
        waited += timedelta(minutes=3)
        house.advance(timedelta(minutes=3))
        await house.run()
    assert timedelta(hours=1) <= waited < timedelta(hours=2)
    assert lost not in await house.heads()


async def test_mail_that_history_says_was_deleted_leaves_at_once(house: House) -> None:
    gone = await unknown_to_gmail(house, "Deleted")
    assert await named(house) == [gone]
    await house.gmail("DELETE", f"/messages/{gone}")
    await house.push()
    assert not await named(house)
    assert gone not in await house.stored()
