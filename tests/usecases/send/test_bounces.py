"""A delivery-status message is tied to the send it is about, and told once."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.mail.bounce import bounce_message
from shared.domain.ids import MessageId
from shared.domain.mail.reading.bounce import FailedRecipient, read_bounce
from shared.domain.send.entry import SendState
from shared.usecases.send.record_bounces import RecordBounces
from tests.harness.google import ADA
from tests.harness.sending import CONNECTION, HELLO, SendHarness, mail
from tests.harness.syncing import SyncHarness, sync_harness

AWAY = "nobody@bounce.example"


@pytest.fixture
async def synced(harness: SendHarness) -> AsyncIterator[SyncHarness]:
    """Sync the mailbox that sends, over the same store."""
    async with sync_harness(store=harness.store) as opened:
        gmail = harness.gmail
        note = RecordBounces(harness.store.sends, gmail, harness.clock)
        opened.sync = replace(opened.sync, gmail=gmail, record_bounces=note, clock=harness.clock)
        yield opened


async def noticed(harness: SendHarness) -> None:
    """Do what a sync does with every message that is new in the inbox."""
    note = RecordBounces(harness.store.sends, harness.gmail, harness.clock)
    gmail = harness.gmail.of(CONNECTION)
    await note(CONNECTION, [await gmail.message(MessageId(id)) for id in harness.inbox(ADA)])


async def test_a_returned_message_is_told_once_and_shows_on_its_send(harness: SendHarness) -> None:
    sending = await harness.send(**{**HELLO, "to": [AWAY, "bob@acme.example"]})
    await noticed(harness)
    await noticed(harness)
    (event,) = await harness.events("bounced")
    (notice,) = harness.inbox(ADA)
    assert event["success"] is False
    assert event["send"]["idempotencyKey"] == "k1"
    assert event["send"]["id"] == sending.entry.message_id
    assert event["bounce"] == {
        "messageId": notice,
        "recipients": [{"address": AWAY, "status": "5.1.1"}],
    }
    entry = await harness.entry()
    assert (entry.state, list(entry.bounces)) == (SendState.SUBMITTED, [notice])


async def test_each_report_is_told(harness: SendHarness) -> None:
    await harness.send(**{**HELLO, "to": [AWAY, "second@bounce.example"]})
    await noticed(harness)
    failed = [one["bounce"]["recipients"][0]["address"] for one in await harness.events("bounced")]
    assert sorted(failed) == sorted([AWAY, "second@bounce.example"])


async def test_the_right_one_of_a_conversation_is_found(harness: SendHarness) -> None:
    first = await harness.send("first", **HELLO)
    await harness.send("second", reply_to_message_id=first.entry.message_id, to=AWAY, body="x")
    await noticed(harness)
    (event,) = await harness.events("bounced")
    assert event["send"]["idempotencyKey"] == "second"


async def test_a_report_without_the_returned_headers_is_tied_by_the_message_id(
    harness: SendHarness,
) -> None:
    sending = await harness.send()
    now = datetime.now(UTC)
    harness.deliver(
        bounce_message(b"\r\n\r\n", ADA, AWAY, sending.entry.rfc822_message_id or "", now)
    )
    await noticed(harness)
    assert len(await harness.events("bounced")) == 1


async def test_reports_about_other_peoples_mail_are_nothing(harness: SendHarness) -> None:
    await harness.send()
    now = datetime.now(UTC)
    harness.deliver(bounce_message(b"Subject: x\r\n\r\n", ADA, AWAY, "<other@x.example>", now))
    harness.deliver(mail())
    await noticed(harness)
    assert await harness.events("bounced") == []


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
async def test_delay_and_success_are_no_bounce(harness: SendHarness, action: str) -> None:
    sending = await harness.send()
    report = bounce_message(
        b"\r\n\r\n", ADA, AWAY, sending.entry.rfc822_message_id or "", datetime.now(UTC)
    )
    harness.deliver(report.replace(b"Action: failed", f"Action: {action}".encode()))
    await noticed(harness)
    assert await harness.events("bounced") == []


async def test_the_sync_tells_it_in_passing_and_not_again(
    harness: SendHarness, synced: SyncHarness
) -> None:
    await synced.run()
    sending = await harness.send(**{**HELLO, "to": AWAY})
    for _ in range(2):
        await synced.run(harness.google.store.history_id(ADA))
    (event,) = await harness.events("bounced")
    assert event["send"]["id"] == sending.entry.message_id
    assert event["bounce"]["messageId"] in await synced.stored()


async def test_a_report_found_by_a_backfill_is_told_too(
    harness: SendHarness, synced: SyncHarness
) -> None:
    await harness.send(**{**HELLO, "to": AWAY})
    await synced.settle()
    assert len(await harness.events("bounced")) == 1


@pytest.mark.parametrize(
    ("given", "address", "status"),
    [
        ("rfc822;a@x.example\nStatus: 5.0.0 (permanent failure)", "a@x.example", "5.0.0"),
        ("rfc822; <a@x.example>\nStatus: 5.1.1", "a@x.example", "5.1.1"),
        ("RFC822;\n a@x.example (Ann)\nStatus: 5.1.1(no such user)", "a@x.example", "5.1.1"),
        ('rfc822; "a (b"@x.example\nStatus: 5.1.1', '"a (b"@x.example', "5.1.1"),
        ("utf-8; j\u00f6rg@x.example\nStatus: 5.6.7", "j\u00f6rg@x.example", "5.6.7"),
        ("utf-8; j\\x{F6}rg@x.example\nStatus: 5.6.7", "j\u00f6rg@x.example", "5.6.7"),
        ("utf-8; j\\x{FFFFFF}@x.example\nStatus: 5.6.7", r"j\x{FFFFFF}@x.example", "5.6.7"),
        ("a@x.example\nStatus: 5.1.1", "a@x.example", "5.1.1"),
    ],
)
@pytest.mark.parametrize("kind", ["delivery-status", "global-delivery-status"])
def test_recipients_are_named_however_a_server_writes_its_report(
    kind: str, given: str, address: str, status: str
) -> None:
    content_type = f"multipart/report; report-type={kind}"
    report = f"Reporting-MTA: dns; x.example\n\nAction: failed (gone)\nFinal-Recipient: {given}\n"
    data = urlsafe_b64encode(report.encode()).decode()
    found = read_bounce({"payload": {
        "headers": [{"name": "Content-Type", "value": content_type}],
        "parts": [{"mimeType": f"message/{kind}", "body": {"data": data}}],
    }})  # fmt: skip
    assert found is not None
    assert found.recipients == (FailedRecipient(address, status),)


def test_a_returned_message_in_utf8_is_traced() -> None:
    returned = urlsafe_b64encode(b"Message-ID: <m1@x.example>\n\n").decode()
    found = read_bounce({"payload": {
        "headers": [{"name": "X-Failed-Recipients", "value": "a@x.example"}],
        "parts": [{"mimeType": "message/global-headers", "body": {"data": returned}}],
    }})  # fmt: skip
    assert found is not None
    assert found.traces == ("<m1@x.example>",)


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
