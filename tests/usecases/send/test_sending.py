"""One message, once: the plain way, replays, and every refusal."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.mail.aliases import add_alias
from shared.domain.connect.connection import ConnectionStatus
from shared.domain.connect.scopes import READONLY, SEND
from shared.domain.send.entry import DeliveryMode, SendState
from shared.errors import (
    IdempotencyConflictError,
    InvalidRecipientError,
    InvalidRequestError,
    MissingScopeError,
    PostroomError,
    TooLargeError,
    UnknownConnectionError,
)
from tests.harness.google import ADA
from tests.harness.sending import (
    BOB,
    CONNECTION,
    EVE,
    HELLO,
    SendHarness,
    mail,
    request,
    send_harness,
    with_status,
)


async def test_a_message_is_submitted_once_and_told_in_an_event(harness: SendHarness) -> None:
    sending = await harness.send()
    entry = sending.entry
    assert (entry.state, sending.replayed) == (SendState.SUBMITTED, False)
    assert [entry.message_id] == harness.inbox(ADA, "SENT")
    (received,) = harness.inbox()
    reading = harness.read(received)
    assert (reading.text("Subject"), reading.body("plain")) == ("Hello", "Hi Bob.\n")
    assert reading.header("Message-ID") == entry.rfc822_message_id
    (event,) = await harness.events()
    assert event["operation"] == "submitted"
    assert event["send"] == {
        "id": entry.message_id,
        "threadId": entry.thread_id,
        "idempotencyKey": "k1",
        "bulkId": None,
    }
    assert entry.request == b""
    assert entry.expires_at is not None
    assert timedelta(days=6) < entry.expires_at - harness.clock.now() < timedelta(days=8)


async def test_it_takes_a_draft_a_send_and_a_look_at_its_message_id(harness: SendHarness) -> None:
    await harness.send()
    assert harness.calls() == {"drafts.create": 1, "drafts.send": 1, "messages.get": 1}


async def test_the_same_key_answers_the_same_and_sends_nothing(harness: SendHarness) -> None:
    first = await harness.send()
    harness.advance(timedelta(days=6))
    again = await harness.send()
    assert (again.entry, again.replayed) == (first.entry, True)
    assert len(harness.inbox()) == 1


async def test_the_same_key_with_another_body_is_a_conflict(harness: SendHarness) -> None:
    await harness.send()
    with pytest.raises(IdempotencyConflictError):
        await harness.send(**{**HELLO, "body": "Other."})
    assert len(harness.inbox()) == 1


async def test_without_a_key_each_call_is_a_message_of_its_own(harness: SendHarness) -> None:
    keys = {(await harness.send(None)).entry.idempotency_key for _ in range(2)}
    assert len(keys) == len(harness.inbox()) == 2


async def test_with_the_send_scope_alone_it_goes_directly(tmp_path: Path) -> None:
    async with send_harness(tmp_path, scopes=[SEND]) as harness:
        entry = (await harness.send()).entry
        assert (entry.mode, entry.state) == (DeliveryMode.DIRECT, SendState.SUBMITTED)
        assert harness.calls() == {"messages.send": 1}
        assert "X-Postroom-Send" not in harness.read(harness.inbox()[0]).old


async def test_exactly_once_needs_drafts_and_reading(tmp_path: Path) -> None:
    async with send_harness(tmp_path, scopes=[SEND]) as harness:
        with pytest.raises(MissingScopeError):
            await harness.send(**HELLO, delivery="exactly_once")
    other = tmp_path / "other"
    other.mkdir()
    async with send_harness(other, scopes=[READONLY]) as harness:
        with pytest.raises(MissingScopeError) as caught:
            await harness.send()
        assert caught.value.scope == SEND


async def test_a_finished_message_goes_the_same_way(harness: SendHarness) -> None:
    raw = f"To: {BOB}\r\nSubject: Raw\r\nX-Mine: kept\r\n\r\nAs it is.\r\n".encode()
    wanted = request(**HELLO)
    sending = await harness.send_email(CONNECTION, type(wanted)(raw=raw), "k1")
    assert sending.entry.mode is DeliveryMode.EXACTLY_ONCE
    (received,) = harness.inbox()
    reading = harness.read(received)
    assert (reading.header("X-Mine"), reading.body("plain")) == ("kept", "As it is.\n")
    assert reading.header("X-Postroom-Send") == sending.entry.marker
    again = await harness.send_email(CONNECTION, type(wanted)(raw=raw), "k1")
    assert again.replayed
    assert len(harness.inbox()) == 1


async def test_files_come_from_base64_and_from_other_messages(harness: SendHarness) -> None:
    first = await harness.send(
        **{**HELLO, "to": ADA},
        attachments=[
            {"filename": "ü.bin", "content_base64": base64.b64encode(b"\x00\xff").decode()}
        ],
    )
    await harness.send(
        "k2",
        **HELLO,
        attachments=[
            {"filename": "copy.bin", "message_id": first.entry.message_id, "part_id": "1"}
        ],
    )
    (received,) = harness.inbox()
    (file,) = harness.read(received).files()
    assert (file.filename, file.content) == ("copy.bin", b"\x00\xff")


async def test_a_replay_needs_nothing_that_the_first_call_read(harness: SendHarness) -> None:
    first = await harness.send(
        "k0", **{**HELLO, "to": ADA}, attachments=[{"filename": "a", "content_base64": "QQ=="}]
    )
    part = {"filename": "a", "message_id": first.entry.message_id, "part_id": "1"}
    await harness.send(**HELLO, attachments=[part])
    before = harness.calls()
    assert (await harness.send(**HELLO, attachments=[part])).replayed
    assert harness.calls() == before


async def test_from_may_be_a_verified_alias_and_nothing_else(harness: SendHarness) -> None:
    add_alias(harness.google.store, ADA, "sales@acme.example", "Sales")
    add_alias(harness.google.store, ADA, "new@acme.example", "New", "pending")
    await harness.send(**HELLO, **{"from": "Sales <sales@acme.example>"})
    (received,) = harness.inbox()
    assert harness.read(received).addresses("From") == [("Sales", "sales@acme.example")]
    for stranger in ("new@acme.example", "ceo@other.example"):
        with pytest.raises(InvalidRequestError) as caught:
            await harness.send("k2", **HELLO, **{"from": stranger})
        assert caught.value.code == "unknown_alias"
    raw = f"From: ceo@other.example\r\nTo: {BOB}\r\n\r\nx".encode()
    with pytest.raises(InvalidRequestError):
        await harness.send_email(CONNECTION, type(request(**HELLO))(raw=raw), "k3")


async def test_from_the_account_itself_may_carry_a_name(harness: SendHarness) -> None:
    await harness.send(**HELLO, **{"from": "Ada Lovelace <ADA@acme.example>"})
    assert harness.read(harness.inbox()[0]).addresses("From") == [("Ada Lovelace", ADA)]


BAD: list[tuple[str, dict[str, Any], type[PostroomError], str]] = [
    ("no recipient", {"body": "x"}, InvalidRecipientError, "invalid_recipient"),
    ("bad recipient", {"to": "bob", "body": "x"}, InvalidRecipientError, "invalid_recipient"),
    (
        "too many",
        {"to": [f"p{n}@x.example" for n in range(501)], "body": "x"},
        InvalidRecipientError,
        "too_many_recipients",
    ),
    (
        "too many in one text",
        {"to": ",".join(f"p{n}@x.example" for n in range(1_001)), "body": "x"},
        InvalidRecipientError,
        "too_many_recipients",
    ),
    (
        "too many in a header",
        {**HELLO, "headers": {"Cc": "a@b.example," * 1_001}},
        InvalidRecipientError,
        "too_many_recipients",
    ),
    (
        "too many in texts beside a person",
        {"to": [{"email": BOB}, *[",".join(["a@b.example"] * 80)] * 10], "body": "x"},
        InvalidRecipientError,
        "too_many_recipients",
    ),
    ("empty", {"to": BOB}, InvalidRequestError, "empty_message"),
    (
        "oversize",
        {**HELLO, "attachments": [{"filename": "a", "content_base64": "A" * 33_400_000}]},
        TooLargeError,
        "too_large",
    ),
    ("alias", {**HELLO, "from": "x@other.example"}, InvalidRequestError, "unknown_alias"),
    ("two senders", {**HELLO, "from": f"{ADA}, {BOB}"}, InvalidRequestError, "unknown_alias"),
    ("thread", {**HELLO, "thread_id": "0" * 16}, InvalidRequestError, "unknown_thread"),
    ("parent", {**HELLO, "reply_to_message_id": "0" * 16}, InvalidRequestError, "unknown_message"),
    ("parent id", {**HELLO, "reply_to_message_id": "zz"}, InvalidRequestError, "unknown_message"),
    ("forward", {**HELLO, "forward_message_id": "0" * 16}, InvalidRequestError, "unknown_message"),
    (
        "not base64",
        {**HELLO, "attachments": [{"filename": "a", "content_base64": "%%%"}]},
        InvalidRequestError,
        "invalid_attachment",
    ),
    (
        "no such part",
        {**HELLO, "attachments": [{"filename": "a", "message_id": "0" * 16, "part_id": "1"}]},
        InvalidRequestError,
        "unknown_attachment",
    ),
    ("past", {**HELLO, "send_at": "2020-01-01T00:00:00Z"}, InvalidRequestError, "send_at_in_past"),
    ("far", {**HELLO, "send_at": "2100-01-01T00:00:00Z"}, InvalidRequestError, "send_at_too_far"),
    (
        "injection",
        {**HELLO, "subject": "a\nBcc: b@c.example"},
        InvalidRequestError,
        "invalid_header",
    ),
    ("header", {**HELLO, "headers": {"Sender": EVE}}, InvalidRequestError, "refused_header"),
]


@pytest.mark.parametrize(
    ("fields", "error", "code"), [one[1:] for one in BAD], ids=[one[0] for one in BAD]
)
async def test_each_bad_input_has_a_code_of_its_own_and_nothing_is_stored_or_sent(
    harness: SendHarness, fields: dict[str, Any], error: type[PostroomError], code: str
) -> None:
    with pytest.raises(error) as caught:
        await harness.send("k1", **fields)
    assert caught.value.code == code
    assert await harness.store.sends.list(CONNECTION, 9) == []
    assert not {"drafts.create", "messages.send"} & set(harness.calls())
    assert (await harness.send("k1")).entry.state is SendState.SUBMITTED


@pytest.mark.parametrize("key", ["", "x" * 257])
async def test_a_key_has_1_to_256_characters(harness: SendHarness, key: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await harness.send(key)
    assert caught.value.code == "invalid_headers"


async def test_a_connection_that_is_gone_sends_nothing(harness: SendHarness) -> None:
    with pytest.raises(UnknownConnectionError):
        await harness.send_email(type(CONNECTION)("nobody"), request(**HELLO), "k1")
    await with_status(harness, ConnectionStatus.DISCONNECTING)
    with pytest.raises(UnknownConnectionError):
        await harness.send()


async def test_a_dry_run_answers_the_message_and_its_thread_and_touches_nothing(
    harness: SendHarness,
) -> None:
    parent = harness.deliver(mail())
    reading, composed = await harness.preview(reply_to_message_id=parent, body="Fine.")
    assert reading.text("Subject") == "Re: Question"
    assert composed.thread_id == harness.google.store.messages(ADA)[0]["threadId"]
    assert set(harness.calls()) <= {"messages.get", "settings.sendAs.list"}
    assert await harness.store.sends.list(CONNECTION, 9) == []
    assert harness.inbox() == []


async def test_a_limit_of_gmail_is_no_error_the_send_goes_on_by_itself(
    harness: SendHarness,
) -> None:
    harness.fault("status_403_rate", "drafts.create")
    first = await harness.send()
    assert (first.entry.state, first.entry.error) == (SendState.ACCEPTED, "rate_limited")
    assert harness.queue.tasks[-1].body == {"id": first.entry.id}
    assert (await harness.settle()).state is SendState.SUBMITTED
    assert len(harness.inbox()) == 1
