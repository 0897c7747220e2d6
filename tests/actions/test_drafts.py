"""Drafts, through the API, against the emulated Gmail."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from infra.local.google.mail.drafts import send_draft
from tests.actions.desk import EMAIL, Desk, letter

BOB = "bob@far.example"


async def subject_of(desk: Desk, id: str) -> str:
    asked = {"id": id, "format": "metadata"}
    headers = (await desk.ran("get-draft", asked))["message"]["payload"]["headers"]
    return str(next(one["value"] for one in headers if one["name"] == "Subject"))


async def headers_of(desk: Desk, id: str) -> dict[str, str]:
    asked = {"id": id, "format": "metadata"}
    headers = (await desk.ran("get-draft", asked))["message"]["payload"]["headers"]
    return {one["name"].lower(): one["value"] for one in headers}


async def test_a_draft_is_kept_changed_listed_and_deleted(desk: Desk) -> None:
    made = await desk.ran("create-draft", {"to": BOB, "subject": "First", "text": "Hi"})
    assert made["message"]["labelIds"] == ["DRAFT"]
    changed = await desk.ran("update-draft", {"id": made["id"], "subject": "Second"})
    assert changed["message"]["id"] != made["message"]["id"]
    assert await subject_of(desk, made["id"]) == "Second"
    listed = await desk.ran("list-drafts")
    assert [one["id"] for one in listed["drafts"]] == [made["id"]]
    assert await desk.ran("delete-draft", {"id": made["id"]}) == {"success": True}
    assert desk.held() == set()


async def test_a_draft_may_lack_everything(desk: Desk) -> None:
    made = await desk.ran("create-draft")
    assert desk.labels(made["message"]["id"]) == {"DRAFT"}


async def test_a_draft_is_a_reply_where_asked(desk: Desk) -> None:
    id = desk.deliver(Message_ID="<one@far.example>")
    made = await desk.ran("create-draft", {"reply_to_message_id": id, "text": "Yes"})
    whole = await desk.ran("get-thread", {"id": made["message"]["threadId"]})
    assert [one["id"] for one in whole["messages"]] == [id, made["message"]["id"]]
    assert await subject_of(desk, made["id"]) == "Re: Hello"


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Better"},
        {"to": BOB, "html": "<p>Better</p>"},
        {"text": "Better", "subject": "Re: Hello"},
        {"raw": "VG86IGJvYkBmYXIuZXhhbXBsZQ0KU3ViamVjdDogUmU6IEhlbGxvDQoNCkJldHRlcg"},
        {"raw": "U3ViamVjdDogUmU6IEhlbGxvCgpCZXR0ZXI"},
    ],
)
async def test_a_changed_reply_stays_in_its_conversation(
    desk: Desk, change: dict[str, str]
) -> None:
    id = desk.deliver(Message_ID="<one@far.example>")
    made = await desk.ran("create-draft", {"reply_to_message_id": id, "text": "Yes"})
    for _ in range(2):
        changed = await desk.ran("update-draft", {"id": made["id"], **change})
        assert changed["message"]["threadId"] == made["message"]["threadId"]
    headers = await headers_of(desk, made["id"])
    assert headers["subject"] == "Re: Hello"
    assert headers["in-reply-to"] == headers["references"] == "<one@far.example>"


async def test_a_changed_draft_that_answers_nothing_gains_no_reply_headers(desk: Desk) -> None:
    made = await desk.ran("create-draft", {"to": BOB, "subject": "Plan", "text": "x"})
    await desk.ran("update-draft", {"id": made["id"], "subject": "Other", "text": "y"})
    assert {"in-reply-to", "references"}.isdisjoint(await headers_of(desk, made["id"]))


async def test_a_draft_moves_to_the_conversation_it_is_told(desk: Desk) -> None:
    one, two = (desk.deliver(Message_ID=f"<{n}@far.example>", subject=f"S{n}") for n in (1, 2))
    made = await desk.ran("create-draft", {"reply_to_message_id": one, "text": "Yes"})
    moved = await desk.ran(
        "update-draft", {"id": made["id"], "reply_to_message_id": two, "text": "Yes"}
    )
    assert moved["message"]["threadId"] == two
    assert await subject_of(desk, made["id"]) == "Re: S2"


async def test_a_finished_message_becomes_a_draft_as_it_is(desk: Desk) -> None:
    raw = urlsafe_b64encode(letter("As it is").as_bytes()).decode().rstrip("=")
    made = await desk.ran("create-draft", {"raw": raw})
    assert await subject_of(desk, made["id"]) == "As it is"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"raw": "%%%%"}, 400, "invalid_raw"),
        ({"raw": ""}, 400, "invalid_raw"),
        ({"raw": "YQ", "subject": "x"}, 400, "invalid_body"),
        ({"to": "nobody"}, 422, "invalid_recipient"),
        ({"subject": "a\r\nBcc: eve@far.example"}, 400, "invalid_header"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused(
    desk: Desk, asked: Any, status: int, code: str
) -> None:
    assert (await desk.refused("create-draft", asked))[0] == status
    assert (await desk.refused("create-draft", asked))[1]["code"] == code
    assert desk.held() == set()


async def test_a_draft_is_sent_once_and_then_gone(desk: Desk) -> None:
    made = await desk.ran("create-draft", {"to": EMAIL, "subject": "Go", "text": "x"})
    sent = await desk.ran("send-draft", {"id": made["id"]})
    assert (sent["threadId"], sent["labelIds"]) == (made["message"]["threadId"], ["SENT"])
    assert "SENT" in desk.labels(sent["id"])
    status, error = await desk.refused("send-draft", {"id": made["id"]})
    assert (status, error["upstream"]["status"]) == (424, 404)
    status, error = await desk.refused("update-draft", {"id": made["id"], "text": "y"})
    assert (status, error["upstream"]["status"]) == (424, 404)


async def test_a_lost_answer_to_sending_a_draft_is_found_out(desk: Desk) -> None:
    made = await desk.ran("create-draft", {"to": BOB, "subject": "Go", "text": "x"})
    await desk.fault("drop_response", method="gmail.users.drafts.send", times=1)
    sent = await desk.ran("send-draft", {"id": made["id"]}, **{"Idempotency-Key": "k"})
    assert "SENT" in desk.labels(sent["id"])
    assert desk.calls()["gmail.users.drafts.send"] == 1


async def test_a_draft_that_was_not_sent_is_not_called_sent(desk: Desk) -> None:
    made = await desk.ran("create-draft", {"to": BOB, "subject": "Go", "text": "x"})
    await desk.fault("status_503", method="gmail.users.drafts.send", times=1)
    status, error = await desk.refused("send-draft", {"id": made["id"]})
    assert (status, error["code"]) == (424, "upstream_error")
    assert desk.labels(made["message"]["id"]) == {"DRAFT"}
    assert "SENT" in (await desk.ran("send-draft", {"id": made["id"]}))["labelIds"]


async def test_deleting_a_draft_that_was_sent_elsewhere_leaves_the_sent_message(
    desk: Desk,
) -> None:
    made = await desk.ran("create-draft", {"to": BOB, "subject": "Go", "text": "x"})
    sent = send_draft(desk.google.store, EMAIL, made["id"], orphan=True)
    status, error = await desk.refused("delete-draft", {"id": made["id"]})
    assert (status, error["code"]) == (400, "not_a_draft")
    assert f"{sent.id:016x}" in desk.held()
    assert "gmail.users.drafts.delete" not in desk.calls()
