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

from infra.local.connecting import connect
from infra.local.system import LocalSystem
from shared.ports.events import Outbox
from tests.harness.whole import whole_system

ADA, BOB = "ada@acme.example", "bob@acme.example"
HELLO = {"to": BOB, "subject": "Hello", "body": "Hi Bob."}
MEGABYTE = 1_000_000


class Desk:
    """A product's backend that sends as Ada."""

    def __init__(self, system: LocalSystem, connection_id: str) -> None:
        self.system = system
        self.tenant = {"Connection-Id": connection_id, "Provider-Config-Key": "google-mail"}

    async def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        headers = {**self.tenant, **({"Idempotency-Key": key} if key else {})}
        return await self.system.client.post(path, json=body, headers=headers, timeout=120)

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.system.client.get(path, headers=self.tenant, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def delete(self, path: str) -> httpx.Response:
        return await self.system.client.delete(path, headers=self.tenant)

    def received(self, email: str = BOB) -> list[str]:
        return [message["id"] for message in self.system.emulated.store.messages(email)]

    async def events(self) -> list[dict[str, Any]]:
        outbox = self.system.container.use(Outbox)
        found = await outbox.list(state=None, connection_id=None, limit=2_000)
        return [dict(one.payload) for one in found if one.type == "send"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with whole_system(tmp_path, {ADA: 0, BOB: 0}) as system:
        yield Desk(system, await connect(system.client, system.google, ADA))


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_send_answers_what_gmail_said_and_a_replay_says_that_it_is_one(desk: Desk) -> None:
    first = await desk.post("/send", HELLO, "order 17/a?b")
    assert first.status_code == 200, first.text
    assert set(first.json()) >= {"id", "threadId", "messageId", "status"}
    assert first.json()["status"] == "submitted"
    again = await desk.post("/send", HELLO, "order 17/a?b")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotent-Response"] == "true"
    assert "Idempotent-Response" not in first.headers
    shown = await desk.get("/sends/order%2017%2Fa%3Fb")
    assert (shown["status"], shown["id"]) == ("submitted", first.json()["id"])
    assert len(desk.received()) == 1


async def test_send_email_and_send_message_share_the_ledger(desk: Desk) -> None:
    raw = base64.urlsafe_b64encode(f"To: {BOB}\r\nSubject: Raw\r\n\r\nx".encode()).decode()
    body = {"action_name": "send-message", "input": {"raw": raw}}
    first, again = [await desk.post("/action/trigger", body, "raw-1") for _ in range(2)]
    assert first.status_code == 200, first.text
    assert first.json()["labelIds"] == ["SENT"]
    assert first.json() == again.json()
    assert again.headers["Idempotent-Response"] == "true"
    other = await desk.post("/send", HELLO, "raw-1")
    assert error_of(other) == (409, "idempotency_conflict")
    assert len(desk.received()) == 1


@pytest.mark.parametrize("megabytes", [5, 24])
async def test_large_messages_go_by_upload(desk: Desk, megabytes: int) -> None:
    content = os.urandom(megabytes * MEGABYTE)
    attachment = {"filename": "big.bin", "content_base64": base64.b64encode(content).decode()}
    answer = await desk.post("/send", {**HELLO, "attachments": [attachment]}, "big")
    assert (answer.status_code, answer.json()["status"]) == (200, "submitted"), answer.text[:300]
    (received,) = desk.received()
    store = desk.system.emulated.store
    message = store.message(BOB, int(received, 16))
    assert message is not None
    assert base64.b64encode(content[:57]) in store.raw(message.row)
    assert message.size > megabytes * MEGABYTE


async def test_more_than_25_megabytes_are_a_413(desk: Desk) -> None:
    half = base64.b64encode(bytes(12_600_000)).decode()
    files = [{"filename": f"{n}.bin", "content_base64": half} for n in range(2)]
    answer = await desk.post("/send", {**HELLO, "attachments": files})
    assert error_of(answer) == (413, "too_large")
    assert desk.received() == []


async def test_a_dry_run_shows_the_message_and_sends_nothing(desk: Desk) -> None:
    answer = await desk.post("/send", {**HELLO, "dry_run": True}, "never used")
    assert (answer.status_code, answer.json()["status"]) == (200, "dry_run")
    assert b"Subject: Hello\r\n" in base64.urlsafe_b64decode(answer.json()["raw"])
    assert error_of(await desk.delete("/sends/never%20used")) == (404, "not_found")
    assert desk.received() == []


async def test_a_scheduled_send_waits_can_be_called_off_and_goes_out(desk: Desk) -> None:
    when = (desk.system.clock.now() + timedelta(hours=2)).isoformat()
    for key in ("goes", "stays"):
        answer = await desk.post("/send", {**HELLO, "subject": key, "send_at": when}, key)
        assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert (await desk.delete("/sends/stays")).json()["status"] == "cancelled"
    assert (await desk.delete("/sends/stays")).status_code == 200
    await desk.system.advance(2 * 3600 + 1)
    await desk.system.settle()
    assert (await desk.get("/sends/goes"))["status"] == "submitted"
    assert len(desk.received()) == 1
    assert error_of(await desk.delete("/sends/goes")) == (409, "send_under_way")


@pytest.mark.parametrize(
    ("when", "code"),
    [("2020-01-01T00:00:00Z", "send_at_in_past"), ("2100-01-01T00:00:00Z", "send_at_too_far")],
)
async def test_impossible_times_are_refused(desk: Desk, when: str, code: str) -> None:
    assert error_of(await desk.post("/send", {**HELLO, "send_at": when})) == (400, code)
    no_zone = {**HELLO, "send_at": "2030-01-01T00:00:00"}
    assert error_of(await desk.post("/send", no_zone)) == (400, "invalid_body")


async def test_trouble_that_may_pass_is_202_and_ends_in_the_background(desk: Desk) -> None:
    await desk.system.control(
        "/faults", {"fault": "drop_request", "method": "drafts.send", "times": 1}
    )
    answer = await desk.post("/send", HELLO, "k1")
    assert (answer.status_code, answer.json()["status"]) == (202, "submitting")
    await desk.system.advance(120)
    await desk.system.settle()
    assert (await desk.get("/sends/k1"))["status"] == "submitted"
    assert len(desk.received()) == 1


@pytest.mark.parametrize(("subject", "begins"), [("Something else", True), (None, False)])
async def test_a_thread_named_with_another_subject_is_told_to_be_a_new_one(
    desk: Desk, subject: str | None, begins: bool
) -> None:
    """Gmail joins a mail to a thread only under its subject; a replay says the same."""
    first = (await desk.post("/send", HELLO, "k1")).json()
    assert "new_thread" not in first or first["new_thread"] is None
    more = {"subject": subject} if subject else {}
    body = {"to": BOB, "body": "More.", "thread_id": first["threadId"], **more}
    answers = [(await desk.post("/send", body, "k2")).json() for _ in range(2)]
    assert [one["new_thread"] for one in answers] == [begins, begins]
    assert (answers[0]["threadId"] != first["threadId"]) is begins


async def test_an_action_whose_mail_is_still_going_out_answers_with_its_operation(
    desk: Desk,
) -> None:
    """Never 200 without an id: what it came to stands at `statusUrl`, later with Gmail's id."""
    fault = {"fault": "drop_request", "method": "drafts.send", "times": 1}
    await desk.system.control("/faults", fault)
    body = {"action_name": "send-email", "input": HELLO}
    answer = await desk.post("/action/trigger", body, "k1")
    assert (answer.status_code, answer.json()["status"]) == (202, "submitting")
    url = answer.json()["statusUrl"]
    assert url == f"/action/{answer.json()['id']}"
    assert error_of(await desk.system.client.get(url)) == (404, "not_found")
    await desk.system.advance(120)
    await desk.system.settle()
    outcome = (await desk.system.client.get(url)).json()
    again = await desk.post("/action/trigger", body, "k1")
    assert (again.status_code, again.json()["id"]) == (200, outcome["id"])
    assert outcome["id"] in {one["id"] for one in desk.system.emulated.store.messages(ADA)}


async def test_a_failed_send_is_an_error_that_names_itself_and_stays(desk: Desk) -> None:
    await desk.system.control(
        "/faults", {"fault": "status_429", "method": "drafts.send", "times": 1}
    )
    assert (await desk.post("/send", HELLO, "k1")).status_code == 202
    store = desk.system.emulated.store
    with store.writing() as writer:
        drafts = [one for one in store.messages(ADA) if "DRAFT" in one["labelIds"]]
        message = store.message(ADA, int(drafts[0]["id"], 16))
        assert message is not None
        writer.delete(store.mailbox(ADA), [message])
    await desk.system.advance(60)
    await desk.system.settle()
    assert (await desk.get("/sends/k1"))["error"] == "draft_removed"
    assert error_of(await desk.post("/send", HELLO, "k1")) == (424, "draft_removed")
    assert desk.received() == []


def bulk(count: int) -> dict[str, Any]:
    messages = [{**HELLO, "subject": f"No {n}", "idempotency_key": f"b{n}"} for n in range(count)]
    return {"messages": messages}


async def test_a_bulk_is_accepted_at_once_and_survives_a_crash(desk: Desk) -> None:
    accepted = await desk.post("/send/bulk", bulk(60))
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["accepted"] == 60
    path = f"/send/bulk/{accepted.json()['id']}"
    await desk.system.kill()
    await desk.system.restart()
    await desk.system.settle()
    for _ in range(10):
        found = await desk.get(path)
        if found["done"]:
            break
        await desk.system.advance(150)
        await desk.system.settle()
    assert (found["counts"], found["total"]) == ({"submitted": 60}, 60)
    assert len(desk.received()) == 60
    page = await desk.get(path, offset=50, limit=5)
    assert [one["idempotency_key"] for one in page["messages"]] == [f"b{n}" for n in range(50, 55)]
    told = Counter(one["send"]["idempotencyKey"] for one in await desk.events())
    assert told == dict.fromkeys((f"b{n}" for n in range(60)), 1)


async def test_a_bulk_with_one_bad_message_is_refused_whole(desk: Desk) -> None:
    body = bulk(3)
    body["messages"][1]["to"] = "nobody"
    answer = await desk.post("/send/bulk", body)
    assert error_of(answer) == (400, "invalid_recipient")
    assert answer.json()["error"]["errors"][0]["path"] == ["messages", 1, "to"]
    assert error_of(await desk.post("/send/bulk", {"messages": []})) == (400, "invalid_body")
    too_many = {"messages": [bulk(1)["messages"][0]] * 1_001}
    assert error_of(await desk.post("/send/bulk", too_many)) == (400, "invalid_body")
    assert desk.received() == []


async def test_a_bounce_reaches_the_product_by_push_and_sync(desk: Desk) -> None:
    await desk.system.settle()
    answer = await desk.post("/send", {**HELLO, "to": "nobody@bounce.example"}, "k1")
    assert answer.json()["status"] == "submitted"
    await desk.system.settle()
    (bounced,) = [one for one in await desk.events() if one["operation"] == "bounced"]
    assert bounced["send"]["idempotencyKey"] == "k1"
    assert bounced["bounce"]["recipients"][0]["address"] == "nobody@bounce.example"
    assert (await desk.get("/sends/k1"))["bounced"] is True
