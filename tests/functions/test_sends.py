"""Sending as the product's backend does it: over HTTP, through the whole system."""

import base64
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness.connected import ADA, BOB, ConnectedSystem, connected_system

HELLO = {"to": BOB, "subject": "Hello", "body": "Hi Bob."}
MEGABYTE = 1_000_000


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[ConnectedSystem]:
    async with connected_system(tmp_path) as product:
        yield product


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_send_answers_what_gmail_said_and_a_replay_says_that_it_is_one(
    product: ConnectedSystem,
) -> None:
    first = await product.post("/send", HELLO, "order 17/a?b")
    assert first.status_code == 200, first.text
    assert set(first.json()) >= {"id", "threadId", "messageId", "status"}
    assert first.json()["status"] == "submitted"
    again = await product.post("/send", HELLO, "order 17/a?b")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotent-Response"] == "true"
    assert "Idempotent-Response" not in first.headers
    shown = await product.get("/sends/order%2017%2Fa%3Fb")
    assert (shown["status"], shown["id"]) == ("submitted", first.json()["id"])
    assert len(product.received()) == 1


async def test_a_key_is_the_text_that_its_client_meant(product: ConnectedSystem) -> None:
    for encoding in ("utf-8", "latin-1"):
        headers = {**product.headers, "Idempotency-Key": "café"}
        sent = httpx.Headers(headers, encoding=encoding)
        answer = await product.system.client.post("/send", json=HELLO, headers=sent)
        assert answer.json()["idempotency_key"] == "café"
    shown = await product.get("/sends/caf%C3%A9")
    assert shown["status"] == "submitted"
    assert len(product.received()) == 1


async def test_send_email_and_send_message_share_the_ledger(product: ConnectedSystem) -> None:
    raw = base64.urlsafe_b64encode(f"To: {BOB}\r\nSubject: Raw\r\n\r\nx".encode()).decode()
    body = {"action_name": "send-message", "input": {"raw": raw}}
    first, again = [await product.post("/action/trigger", body, "raw-1") for _ in range(2)]
    assert first.status_code == 200, first.text
    assert first.json()["labelIds"] == ["SENT"]
    assert first.json() == again.json()
    assert again.headers["Idempotent-Response"] == "true"
    other = await product.post("/send", HELLO, "raw-1")
    assert error_of(other) == (409, "idempotency_conflict")
    assert len(product.received()) == 1


@pytest.mark.parametrize("megabytes", [5, 24])
async def test_large_messages_go_by_upload(product: ConnectedSystem, megabytes: int) -> None:
    content = os.urandom(megabytes * MEGABYTE)
    attachment = {"filename": "big.bin", "content_base64": base64.b64encode(content).decode()}
    answer = await product.post("/send", {**HELLO, "attachments": [attachment]}, "big")
    assert (answer.status_code, answer.json()["status"]) == (200, "submitted"), answer.text[:300]
    (received,) = product.received()
    store = product.system.emulated.store
    message = store.message(BOB, int(received, 16))
    assert message is not None
    assert base64.b64encode(content[:57]) in store.raw(message.row)
    assert message.size > megabytes * MEGABYTE


async def test_more_than_25_megabytes_are_a_413(product: ConnectedSystem) -> None:
    half = base64.b64encode(bytes(12_600_000)).decode()
    files = [{"filename": f"{n}.bin", "content_base64": half} for n in range(2)]
    answer = await product.post("/send", {**HELLO, "attachments": files})
    assert error_of(answer) == (413, "too_large")
    assert product.received() == []


async def test_a_dry_run_shows_the_message_and_sends_nothing(product: ConnectedSystem) -> None:
    answer = await product.post("/send", {**HELLO, "dry_run": True}, "never used")
    assert (answer.status_code, answer.json()["status"]) == (200, "dry_run")
    assert b"Subject: Hello\r\n" in base64.urlsafe_b64decode(answer.json()["raw"])
    assert error_of(await product.delete("/sends/never%20used")) == (404, "not_found")
    assert product.received() == []


async def test_a_scheduled_send_waits_can_be_called_off_and_goes_out(
    product: ConnectedSystem,
) -> None:
    when = (product.system.clock.now() + timedelta(hours=2)).isoformat()
    for key in ("goes", "stays"):
        answer = await product.post("/send", {**HELLO, "subject": key, "send_at": when}, key)
        assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert (await product.delete("/sends/stays")).json()["status"] == "cancelled"
    assert (await product.delete("/sends/stays")).status_code == 200
    await product.system.advance(2 * 3600 + 1)
    await product.system.settle()
    assert (await product.get("/sends/goes"))["status"] == "submitted"
    assert len(product.received()) == 1
    assert error_of(await product.delete("/sends/goes")) == (409, "send_under_way")


@pytest.mark.parametrize(
    ("when", "code"),
    [("2020-01-01T00:00:00Z", "send_at_in_past"), ("2100-01-01T00:00:00Z", "send_at_too_far")],
)
async def test_impossible_times_are_refused(product: ConnectedSystem, when: str, code: str) -> None:
    assert error_of(await product.post("/send", {**HELLO, "send_at": when})) == (400, code)


@pytest.mark.parametrize("before", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00%2B23:59"])
async def test_no_send_is_older_than_the_oldest_moment(
    product: ConnectedSystem, before: str
) -> None:
    assert await product.get(f"/sends?before={before}") == {"sends": []}


@pytest.mark.parametrize("when", ["2030-01-01T00:00:00", 1_900_000_000, 1.9e9, "1900000000"])
async def test_a_time_without_its_zone_or_its_date_is_refused(
    product: ConnectedSystem, when: object
) -> None:
    refused = await product.post("/send", {**HELLO, "send_at": when})
    assert error_of(refused) == (400, "invalid_body")
    (problem,) = refused.json()["error"]["errors"]
    assert problem["path"] == ["send_at"]
    assert ("bare number" in problem["message"]) is (when != "2030-01-01T00:00:00")


async def test_trouble_that_may_pass_is_202_and_ends_in_the_background(
    product: ConnectedSystem,
) -> None:
    await product.system.control(
        "/faults", {"fault": "drop_request", "method": "drafts.send", "times": 1}
    )
    answer = await product.post("/send", HELLO, "k1")
    assert (answer.status_code, answer.json()["status"]) == (202, "submitting")
    await product.system.advance(120)
    await product.system.settle()
    assert (await product.get("/sends/k1"))["status"] == "submitted"
    assert len(product.received()) == 1


@pytest.mark.parametrize(("subject", "begins"), [("Something else", True), (None, False)])
async def test_a_thread_named_with_another_subject_is_told_to_be_a_new_one(
    product: ConnectedSystem, subject: str | None, begins: bool
) -> None:
    """Gmail joins a mail to a thread only under its subject; a replay says the same."""
    first = (await product.post("/send", HELLO, "k1")).json()
    assert "new_thread" not in first or first["new_thread"] is None
    more = {"subject": subject} if subject else {}
    body = {"to": BOB, "body": "More.", "thread_id": first["threadId"], **more}
    answers = [(await product.post("/send", body, "k2")).json() for _ in range(2)]
    assert [one["new_thread"] for one in answers] == [begins, begins]
    assert (answers[0]["threadId"] != first["threadId"]) is begins


async def test_an_action_whose_mail_is_still_going_out_answers_with_its_operation(
    product: ConnectedSystem,
) -> None:
    """Never 200 without an id: what it came to stands at `statusUrl`, later with Gmail's id."""
    fault = {"fault": "drop_request", "method": "drafts.send", "times": 1}
    await product.system.control("/faults", fault)
    body = {"action_name": "send-email", "input": HELLO}
    answer = await product.post("/action/trigger", body, "k1")
    assert (answer.status_code, answer.json()["status"]) == (202, "submitting")
    url = answer.json()["statusUrl"]
    assert url == f"/action/{answer.json()['id']}"
    assert error_of(await product.system.client.get(url)) == (404, "not_found")
    await product.system.advance(120)
    await product.system.settle()
    outcome = (await product.system.client.get(url)).json()
    again = await product.post("/action/trigger", body, "k1")
    assert (again.status_code, again.json()["id"]) == (200, outcome["id"])
    assert outcome["id"] in {one["id"] for one in product.system.emulated.store.messages(ADA)}


async def test_a_failed_send_is_an_error_that_names_itself_and_stays(
    product: ConnectedSystem,
) -> None:
    await product.system.control(
        "/faults", {"fault": "status_429", "method": "drafts.send", "times": 1}
    )
    assert (await product.post("/send", HELLO, "k1")).status_code == 202
    store = product.system.emulated.store
    with store.writing() as writer:
        drafts = [one for one in store.messages(ADA) if "DRAFT" in one["labelIds"]]
        message = store.message(ADA, int(drafts[0]["id"], 16))
        assert message is not None
        writer.delete(store.mailbox(ADA), [message])
    await product.system.advance(60)
    await product.system.settle()
    assert (await product.get("/sends/k1"))["error"] == "draft_removed"
    assert error_of(await product.post("/send", HELLO, "k1")) == (424, "draft_removed")
    assert product.received() == []


def bulk(count: int) -> dict[str, Any]:
    messages = [{**HELLO, "subject": f"No {n}", "idempotency_key": f"b{n}"} for n in range(count)]
    return {"messages": messages}


async def test_a_bulk_is_accepted_at_once_and_survives_a_crash(product: ConnectedSystem) -> None:
    accepted = await product.post("/send/bulk", bulk(60))
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["accepted"] == 60
    path = f"/send/bulk/{accepted.json()['id']}"
    await product.system.kill()
    await product.system.restart()
    await product.system.settle()
    for _ in range(10):
        found = await product.get(path)
        if found["done"]:
            break
        await product.system.advance(150)
        await product.system.settle()
    assert (found["counts"], found["total"]) == ({"submitted": 60}, 60)
    assert len(product.received()) == 60
    page = await product.get(path, offset=50, limit=5)
    assert [one["idempotency_key"] for one in page["messages"]] == [f"b{n}" for n in range(50, 55)]
    told = Counter(one["send"]["idempotencyKey"] for one in await product.events("send"))
    assert told == dict.fromkeys((f"b{n}" for n in range(60)), 1)


async def test_a_bulk_with_one_bad_message_is_refused_whole(product: ConnectedSystem) -> None:
    body = bulk(3)
    body["messages"][1]["to"] = "nobody"
    answer = await product.post("/send/bulk", body)
    assert error_of(answer) == (400, "invalid_recipient")
    assert answer.json()["error"]["errors"][0]["path"] == ["messages", 1, "to"]
    assert error_of(await product.post("/send/bulk", {"messages": []})) == (400, "invalid_body")
    too_many = {"messages": [bulk(1)["messages"][0]] * 1_001}
    assert error_of(await product.post("/send/bulk", too_many)) == (400, "invalid_body")
    assert product.received() == []


async def test_a_bounce_reaches_the_product_by_push_and_sync(product: ConnectedSystem) -> None:
    await product.system.settle()
    answer = await product.post("/send", {**HELLO, "to": "nobody@bounce.example"}, "k1")
    assert answer.json()["status"] == "submitted"
    await product.system.settle()
    (bounced,) = [one for one in await product.events("send") if one["operation"] == "bounced"]
    assert bounced["send"]["idempotencyKey"] == "k1"
    assert bounced["bounce"]["recipients"][0]["address"] == "nobody@bounce.example"
    assert (await product.get("/sends/k1"))["bounced"] is True
