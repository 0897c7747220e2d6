"""Sending: rewritten headers, copies, threads, bounces (FACTS 5)."""

from typing import Any

import pytest

from infra.local.google.gmail.errors import GmailError
from infra.local.google.mail.aliases import add_alias
from tests.infra.google.mail.room import ANN, BOB, Room, encoded, mail


def send(room: Room, *lines: str, **more: Any) -> dict[str, Any]:
    room.clock.advance(seconds=1)
    sent: dict[str, Any] = room.call("messages.send", {"raw": encoded(mail(*lines)), **more})
    return sent


def headers(room: Room, id: str, *, email: str = ANN) -> dict[str, str]:
    payload = room.call("messages.get", id=id, email=email)["payload"]
    return {header["name"]: header["value"] for header in payload["headers"]}


def only(room: Room, email: str) -> str:
    (entry,) = room.store.messages(email)
    id: str = entry["id"]
    return id


def test_the_message_id_is_rewritten_and_own_headers_stay(room: Room):
    sent = send(room, f"From: {ANN}", f"To: {BOB}", "Message-ID: <own@x>", "X-Mark: 7", "", "hi")
    found = headers(room, sent["id"])
    assert found["Message-Id"].startswith("<CA")
    assert found["Message-Id"].endswith("@mail.gmail.com>")
    assert found["X-Mark"] == "7"
    assert found["Date"]
    assert sent["labelIds"] == ["SENT"]


def test_a_copy_is_delivered_without_bcc(room: Room):
    sent = send(room, f"From: {ANN}", "To: x@elsewhere.example", f"Bcc: {BOB}", "", "hi")
    copy = only(room, BOB)
    assert room.labels(sent["id"]) == ["SENT"]
    assert headers(room, sent["id"])["Bcc"] == BOB
    received = headers(room, copy, email=BOB)
    assert "Bcc" not in received
    assert received["Message-Id"] == headers(room, sent["id"])["Message-Id"]
    assert room.store.messages(BOB)[0]["labelIds"] == ["UNREAD", "INBOX"]
    assert copy != sent["id"]


def test_a_strange_sender_is_silently_replaced_and_an_alias_is_not(room: Room):
    add_alias(room.store, ANN, "sales@acme.example", "Sales")
    add_alias(room.store, ANN, "new@acme.example", verification_status="pending")
    written = ["boss@acme.example", "Sales <sales@acme.example>", "new@acme.example"]
    sent = [send(room, f"From: {sender}", f"To: {BOB}") for sender in written]
    assert [headers(room, entry["id"])["From"] for entry in sent] == [
        ANN,
        "Sales <sales@acme.example>",
        ANN,
    ]
    listed = room.call("settings.sendAs.list")["sendAs"]
    assert listed[0]["sendAsEmail"] == ANN
    pending = room.call("settings.sendAs.get", sendAsEmail="new@acme.example")
    assert pending["verificationStatus"] == "pending"


def test_mail_to_oneself_is_one_message(room: Room):
    sent = send(room, f"To: Ann <{ANN.upper()}>", "Subject: note")
    assert sorted(sent["labelIds"]) == ["INBOX", "SENT", "UNREAD"]
    assert only(room, ANN) == sent["id"]


def test_a_plus_address_reaches_the_mailbox(room: Room):
    send(room, "To: bob+news@bolt.example")
    assert len(room.store.messages(BOB)) == 1


def test_mail_to_strangers_goes_nowhere(room: Room):
    send(room, "To: x@elsewhere.example")
    assert len(room.store.messages(ANN)) == 1


@pytest.mark.parametrize("address", ["x@bounce.example", "x@host.invalid", "x@invalid"])
def test_a_bouncing_address_answers_in_the_thread(room: Room, address: str):
    sent = send(room, f"To: {address}, {BOB}", "Subject: hello")
    bounce = next(entry for entry in room.store.messages(ANN) if entry["id"] != sent["id"])
    assert bounce["threadId"] == sent["threadId"]
    message = room.call("messages.get", id=bounce["id"])
    assert message["payload"]["mimeType"] == "multipart/report"
    assert [part["mimeType"] for part in message["payload"]["parts"]] == [
        "text/plain",
        "message/delivery-status",
        "message/rfc822",
    ]
    assert headers(room, bounce["id"])["X-Failed-Recipients"] == address
    assert len(room.store.messages(BOB)) == 1


def test_a_conversation_is_threaded_in_both_mailboxes(room: Room):
    sent = send(room, f"To: {BOB}", "Subject: Plan")
    received = only(room, BOB)
    message_id = headers(room, received, email=BOB)["Message-Id"]
    raw = encoded(mail(f"To: {ANN}", "Subject: Re: Plan", f"In-Reply-To: {message_id}", "", "yes"))
    room.clock.advance(seconds=1)
    reply = room.call("messages.send", {"raw": raw, "threadId": received}, email=BOB)
    assert reply["threadId"] == received
    assert room.store.messages(ANN)[0]["threadId"] == sent["threadId"]


def test_a_reply_needs_thread_id_reference_and_subject_all_three(room: Room):
    first = room.deliver("Message-ID: <1@x>", "Subject: Plan")
    reference = "References: <1@x>"
    assert (
        send(room, f"To: {BOB}", "Subject: Re: Plan", reference, threadId=first)["threadId"]
        == first
    )
    for lines, more in (
        (("Subject: Re: Plan", reference), {}),
        (("Subject: Re: Plan",), {"threadId": first}),
        (("Subject: Other", reference), {"threadId": first}),
    ):
        assert send(room, f"To: {BOB}", *lines, **more)["threadId"] != first


@pytest.mark.parametrize(
    ("lines", "more", "status"),
    [
        (("Subject: to nobody",), {}, 400),
        (("To: not an address",), {}, 400),
        ((f"To: {BOB}",), {"threadId": "18c0ffee18c0ffee"}, 404),
        ((f"To: {BOB}",), {"threadId": "nonsense"}, 400),
    ],
)
def test_what_cannot_be_sent_is_refused_and_changes_nothing(
    room: Room, lines: tuple[str, ...], more: dict[str, str], status: int
):
    with pytest.raises(GmailError) as caught:
        send(room, *lines, **more)
    assert caught.value.status == status
    assert room.store.messages(ANN) == room.store.messages(BOB) == []
