"""Quarantine: what could not be stored at first is stored later, whole."""

from datetime import timedelta

from shared.domain.payload import unpack
from shared.domain.record import Origin
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
