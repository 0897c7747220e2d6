"""A delivery-status message is tied to the send it is about, and told once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.mail.bounce import bounce_message
from shared.domain.ids import MessageId
from shared.domain.mail.reading.bounce import read_bounce
from shared.domain.send.entry import SendState
from shared.usecases.send.record_bounces import RecordBounces
from tests.usecases.send.office import ADA, CONNECTION, HELLO, Office, mail
from tests.usecases.sync.house import House, open_house

AWAY = "nobody@bounce.example"


@pytest.fixture
async def house(office: Office) -> AsyncIterator[House]:
    """Sync the office's own mailbox, over the office's own store."""
    async with open_house(store=office.store) as opened:
        gmail = office.gmail
        note = RecordBounces(office.store.sends, gmail, office.clock)
        opened.sync = replace(opened.sync, gmail=gmail, record_bounces=note, clock=office.clock)
        yield opened


async def noticed(office: Office) -> None:
    """Do what a sync does with every message that is new in the inbox."""
    note = RecordBounces(office.store.sends, office.gmail, office.clock)
    gmail = office.gmail.of(CONNECTION)
    await note(CONNECTION, [await gmail.message(MessageId(id)) for id in office.inbox(ADA)])


async def test_a_returned_message_is_told_once_and_shows_on_its_send(office: Office) -> None:
    sending = await office.send(**{**HELLO, "to": [AWAY, "bob@acme.example"]})
    await noticed(office)
    await noticed(office)
    (event,) = await office.events("bounced")
    (notice,) = office.inbox(ADA)
    assert event["success"] is False
    assert event["send"]["idempotencyKey"] == "k1"
    assert event["send"]["id"] == sending.entry.message_id
    assert event["bounce"] == {
        "messageId": notice,
        "recipients": [{"address": AWAY, "status": "5.1.1"}],
    }
    entry = await office.entry()
    assert (entry.state, list(entry.bounces)) == (SendState.SUBMITTED, [notice])


async def test_each_report_is_told(office: Office) -> None:
    await office.send(**{**HELLO, "to": [AWAY, "second@bounce.example"]})
    await noticed(office)
    failed = [one["bounce"]["recipients"][0]["address"] for one in await office.events("bounced")]
    assert sorted(failed) == sorted([AWAY, "second@bounce.example"])


async def test_the_right_one_of_a_conversation_is_found(office: Office) -> None:
    first = await office.send("first", **HELLO)
    await office.send("second", reply_to_message_id=first.entry.message_id, to=AWAY, body="x")
    await noticed(office)
    (event,) = await office.events("bounced")
    assert event["send"]["idempotencyKey"] == "second"


async def test_a_report_without_the_returned_headers_is_tied_by_the_message_id(
    office: Office,
) -> None:
    sending = await office.send()
    now = datetime.now(UTC)
    office.deliver(
        bounce_message(b"\r\n\r\n", ADA, AWAY, sending.entry.rfc822_message_id or "", now)
    )
    await noticed(office)
    assert len(await office.events("bounced")) == 1


async def test_reports_about_other_peoples_mail_are_nothing(office: Office) -> None:
    await office.send()
    now = datetime.now(UTC)
    office.deliver(bounce_message(b"Subject: x\r\n\r\n", ADA, AWAY, "<other@x.example>", now))
    office.deliver(mail())
    await noticed(office)
    assert await office.events("bounced") == []


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
async def test_delay_and_success_are_no_bounce(office: Office, action: str) -> None:
    sending = await office.send()
    report = bounce_message(
        b"\r\n\r\n", ADA, AWAY, sending.entry.rfc822_message_id or "", datetime.now(UTC)
    )
    office.deliver(report.replace(b"Action: failed", f"Action: {action}".encode()))
    await noticed(office)
    assert await office.events("bounced") == []


async def test_the_sync_tells_it_in_passing_and_not_again(office: Office, house: House) -> None:
    await house.run()
    sending = await office.send(**{**HELLO, "to": AWAY})
    for _ in range(2):
        await house.run(office.google.store.history_id(ADA))
    (event,) = await office.events("bounced")
    assert event["send"]["id"] == sending.entry.message_id
    assert event["bounce"]["messageId"] in await house.stored()


async def test_a_report_found_by_a_backfill_is_told_too(office: Office, house: House) -> None:
    await office.send(**{**HELLO, "to": AWAY})
    await house.settle()
    assert len(await office.events("bounced")) == 1


def test_no_mail_makes_the_reader_stumble(tmp_path: Path) -> None:
    odd: list[Any] = [None, [], {"headers": 3}, {"headers": [None, {"name": 1}], "parts": [7]}]
    for payload in odd:
        assert read_bounce({"payload": payload}) is None
    broken = {
        "headers": [
            {"name": "Content-Type", "value": "multipart/report; report-type=delivery-status"}
        ],
        "parts": [{"mimeType": "message/delivery-status", "body": {"data": "%%%"}}],
    }
    assert read_bounce({"payload": broken}) is None
