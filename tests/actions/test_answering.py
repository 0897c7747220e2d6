"""A reply reaches the one who wrote, or no one; the caller alone is told who cannot be reached."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from shared.domain.ids import ConnectionId
from shared.domain.mail.reading.email_message import read_message
from shared.ports.store import Store
from shared.usecases.send.process_bulk import DrainBulk
from tests.harness.acting import ActionHarness
from tests.harness.google import EMAIL
from tests.harness.samples import CONNECTION

CASES = Path(__file__).parents[1] / "cases" / "mail"
EXPECTED: list[dict[str, Any]] = json.loads((CASES / "expected.json").read_text())
SECRET = "taro..k@docomo.example"


def people(raw: str, *names: str) -> list[str]:
    """Return the addresses of a message's headers, read by the standard library."""
    message = message_from_string(urlsafe_b64decode(raw).decode(), policy=default)
    found = [message[name] for name in names if message[name] is not None]
    return [one.addr_spec for header in found for one in header.addresses]


async def answer(harness: ActionHarness, parent: str, **fields: Any) -> Any:
    body = {"dry_run": True, "reply_to_message_id": parent, "body": "for you only", **fields}
    found = await harness.api.post("/send", json=body)
    return found.status_code, found.json()


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case["file"])
async def test_a_reply_reaches_the_sender_or_is_refused(
    harness: ActionHarness, case: dict[str, Any]
) -> None:
    parent = harness.deliver((CASES / case["file"]).read_bytes())
    status, body = await answer(harness, parent)
    if "to" in case:
        assert status == 200, body
        raw = body["raw"]
        assert people(raw, "To", "Cc", "Bcc") == case["to"]
    else:
        assert (status, body["error"]["code"]) == (422, "invalid_recipient")
        named = [case["refused"]] if case["refused"] else []
        assert body["error"].get("payload", {}).get("addresses", []) == named


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case["file"])
async def test_a_record_says_who_wrote_or_no_one(
    harness: ActionHarness, case: dict[str, Any]
) -> None:
    parent = harness.deliver((CASES / case["file"]).read_bytes())
    shown = await harness.ran("get-message", {"id": parent})
    assert read_message(shown)["from"]["email"] == case["from"]


@pytest.mark.parametrize(
    "sender",
    ["<taro.@docomo.example>", "<a@[192.0.2.1]>", "MAILER-DAEMON", "<root>",
     '"a b"@x.example', "a b@x.example", "=?utf-8?q?a?=", "",
     "a@x.example:b@x.example", "<a@x.example> <b@x.example,c@x.example>"],
)  # fmt: skip
async def test_other_recipients_are_never_taken_for_the_sender(
    harness: ActionHarness, sender: str
) -> None:
    head = f"From: {sender}\r\nTo: {EMAIL}, Rival <rival@other.example>\r\nCc: cc@other.example"
    parent = harness.deliver(f"{head}\r\nReply-To: no words\r\nSubject: Offer\r\n\r\nx".encode())
    for fields in ({}, {"reply_all": True}):
        status, body = await answer(harness, parent, **fields)
        assert (status, body["error"]["code"]) == (422, "invalid_recipient")
    made = await harness.run("create-draft", {"reply_to_message_id": parent, "body": "x"})
    assert made.status_code == 422
    thread = (await harness.ran("get-message", {"id": parent}))["threadId"]
    joined = await harness.api.post(
        "/send", json={"dry_run": True, "thread_id": thread, "body": "x"}
    )
    assert joined.status_code == 422


async def test_own_mail_is_answered_to_those_it_went_to(harness: ActionHarness) -> None:
    sent = await harness.ran(
        "send-email", {"to": "bob@x.example", "reply_to": "desk@x.example", "body": "x"}
    )
    status, body = await answer(harness, sent["id"])
    assert (status, people(body["raw"], "To")) == (200, ["bob@x.example"])


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ("j\u00f6rg@m\u00fcller.example", "j\u00f6rg@m\u00fcller.example"),
        ("joe@m\u00fcller.example", "joe@xn--mller-kva.example"),
    ],
)
async def test_letters_of_any_script_are_written_to(
    harness: ActionHarness, address: str, header: str
) -> None:
    """UTF-8 in the header where the local part needs it, a domain in ASCII otherwise."""
    harness.google.store.create_mailbox(header)
    await harness.ran("send-email", {"to": address, "body": "x"})
    raw = urlsafe_b64encode(f"To: {header}\r\n\r\nx".encode()).decode()
    await harness.ran("send-message", {"raw": raw})
    assert len(harness.google.store.messages(header)) == 2


async def test_a_reply_to_all_says_whom_it_leaves_out(harness: ActionHarness) -> None:
    to, cc = f"{EMAIL}, eve@x.example", f"<{SECRET}>, no one, ann@x.example"
    head = f"From: bob@x.example\r\nTo: {to}\r\nCc: {cc}\r\nSubject: Offer"
    parent = harness.deliver(f"{head}\r\n\r\nx".encode())
    status, body = await answer(harness, parent, reply_all=True)
    assert status == 200
    assert people(body["raw"], "Cc") == ["eve@x.example", "ann@x.example"]
    assert [one["field"] for one in body["left_out"]] == ["cc", "cc"]
    assert SECRET in body["left_out"][0]["reason"]
    asked = {"reply_to_message_id": parent, "reply_all": True, "body": "x"}
    assert len((await harness.ran("create-draft", asked))["left_out"]) == 2
    sent = await harness.ran("send-email", asked)
    assert len(sent["left_out"]) == 2
    await _nothing_tells(harness)


async def test_the_address_that_cannot_be_reached_is_told_and_not_kept(
    harness: ActionHarness,
) -> None:
    """Not in the ledger, the operations or the events, however the reply was asked for."""
    parent = harness.deliver((CASES / "02-reply-double-dot-sender.eml").read_bytes())
    asked = {"reply_to_message_id": parent, "body": "x"}
    later = (harness.clock.now() + timedelta(days=1)).isoformat()
    for fields in ({}, {"dry_run": True}, {"send_at": later}):
        found = await harness.api.post("/send", json={**asked, **fields})
        assert SECRET in found.text
    bulk = {"messages": [{**asked, "idempotency_key": "b1"}]}
    accepted = await harness.api.post("/send/bulk", json=bulk)
    assert accepted.status_code == 202
    await harness.container.use(DrainBulk)(accepted.json()["id"], budget=timedelta(minutes=1))
    entry = (await harness.api.get("/sends/b1")).json()
    assert (entry["status"], entry["error"]) == ("failed", "invalid_recipient")
    assert SECRET not in json.dumps(entry)
    await _nothing_tells(harness)


async def _nothing_tells(harness: ActionHarness) -> None:
    store, id = harness.container.use(Store), ConnectionId(CONNECTION)
    operations = await store.operations.list(connection_id=id, type=None, state=None, limit=1_000)
    events = await store.outbox.list(state=None, connection_id=id, limit=1_000)
    assert operations
    assert "taro" not in repr((operations, events))
