"""Drafts, through the API, against the emulated Gmail."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from infra.local.google.mail.drafts import send_draft
from tests.harness.acting import ActionHarness
from tests.harness.google import EMAIL, letter

BOB = "bob@far.example"


async def subject_of(harness: ActionHarness, id: str) -> str:
    asked = {"id": id, "format": "metadata"}
    headers = (await harness.ran("get-draft", asked))["message"]["payload"]["headers"]
    return str(next(one["value"] for one in headers if one["name"] == "Subject"))


async def headers_of(harness: ActionHarness, id: str) -> dict[str, str]:
    asked = {"id": id, "format": "metadata"}
    headers = (await harness.ran("get-draft", asked))["message"]["payload"]["headers"]
    return {one["name"].lower(): one["value"] for one in headers}


async def test_a_draft_is_kept_changed_listed_and_deleted(harness: ActionHarness) -> None:
    made = await harness.ran("create-draft", {"to": BOB, "subject": "First", "text": "Hi"})
    assert made["message"]["labelIds"] == ["DRAFT"]
    changed = await harness.ran("update-draft", {"id": made["id"], "subject": "Second"})
    assert changed["message"]["id"] != made["message"]["id"]
    assert await subject_of(harness, made["id"]) == "Second"
    listed = await harness.ran("list-drafts")
    assert [one["id"] for one in listed["drafts"]] == [made["id"]]
    assert await harness.ran("delete-draft", {"id": made["id"]}) == {"success": True}
    assert harness.held() == set()


@pytest.mark.parametrize("fields", [{"to": BOB, "text": "Hi"}, {"raw": "U3ViamVjdDogSGkKCkhv"}])
async def test_a_draft_of_ours_bears_that_a_call_kept_it(
    harness: ActionHarness, fields: dict[str, str]
) -> None:
    made = await harness.ran("create-draft", fields)
    assert (await headers_of(harness, made["id"]))["x-postroom-draft"] == "api"
    await harness.ran("update-draft", {"id": made["id"], **fields})
    assert (await headers_of(harness, made["id"]))["x-postroom-draft"] == "api"


async def test_a_draft_may_lack_everything(harness: ActionHarness) -> None:
    made = await harness.ran("create-draft")
    assert harness.labels(made["message"]["id"]) == {"DRAFT"}


async def test_a_draft_is_a_reply_where_asked(harness: ActionHarness) -> None:
    id = harness.deliver(Message_ID="<one@far.example>")
    made = await harness.ran("create-draft", {"reply_to_message_id": id, "text": "Yes"})
    whole = await harness.ran("get-thread", {"id": made["message"]["threadId"]})
    assert [one["id"] for one in whole["messages"]] == [id, made["message"]["id"]]
    assert await subject_of(harness, made["id"]) == "Re: Hello"


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
    harness: ActionHarness, change: dict[str, str]
) -> None:
    id = harness.deliver(Message_ID="<one@far.example>")
    made = await harness.ran("create-draft", {"reply_to_message_id": id, "text": "Yes"})
    for _ in range(2):
        changed = await harness.ran("update-draft", {"id": made["id"], **change})
        assert changed["message"]["threadId"] == made["message"]["threadId"]
    headers = await headers_of(harness, made["id"])
    assert headers["subject"] == "Re: Hello"
    assert headers["in-reply-to"] == headers["references"] == "<one@far.example>"


async def test_a_changed_draft_that_answers_nothing_gains_no_reply_headers(
    harness: ActionHarness,
) -> None:
    made = await harness.ran("create-draft", {"to": BOB, "subject": "Plan", "text": "x"})
    await harness.ran("update-draft", {"id": made["id"], "subject": "Other", "text": "y"})
    assert {"in-reply-to", "references"}.isdisjoint(await headers_of(harness, made["id"]))


async def test_a_draft_moves_to_the_conversation_it_is_told(harness: ActionHarness) -> None:
    one, two = (harness.deliver(Message_ID=f"<{n}@far.example>", subject=f"S{n}") for n in (1, 2))
    made = await harness.ran("create-draft", {"reply_to_message_id": one, "text": "Yes"})
    moved = await harness.ran(
        "update-draft", {"id": made["id"], "reply_to_message_id": two, "text": "Yes"}
    )
    assert moved["message"]["threadId"] == two
    assert await subject_of(harness, made["id"]) == "Re: S2"


async def test_a_finished_message_becomes_a_draft_as_it_is(harness: ActionHarness) -> None:
    raw = urlsafe_b64encode(letter("As it is").as_bytes()).decode().rstrip("=")
    made = await harness.ran("create-draft", {"raw": raw})
    assert await subject_of(harness, made["id"]) == "As it is"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"raw": "%%%%"}, 400, "invalid_raw"),
        ({"raw": "To: bob@x.example\n\nhi"}, 400, "invalid_raw"),
        ({"raw": ""}, 400, "invalid_raw"),
        ({"raw": "YQ", "subject": "x"}, 400, "invalid_body"),
        ({"to": "nobody"}, 422, "invalid_recipient"),
        ({"subject": "a\r\nBcc: eve@far.example"}, 400, "invalid_header"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused(
    harness: ActionHarness, asked: Any, status: int, code: str
) -> None:
    assert (await harness.refused("create-draft", asked))[0] == status
    assert (await harness.refused("create-draft", asked))[1]["code"] == code
    assert harness.held() == set()


async def test_a_draft_is_sent_once_and_then_gone(harness: ActionHarness) -> None:
    made = await harness.ran("create-draft", {"to": EMAIL, "subject": "Go", "text": "x"})
    sent = await harness.ran("send-draft", {"id": made["id"]})
    assert (sent["threadId"], sent["labelIds"]) == (made["message"]["threadId"], ["SENT"])
    assert "SENT" in harness.labels(sent["id"])
    status, error = await harness.refused("send-draft", {"id": made["id"]})
    assert (status, error["upstream"]["status"]) == (424, 404)
    status, error = await harness.refused("update-draft", {"id": made["id"], "text": "y"})
    assert (status, error["upstream"]["status"]) == (424, 404)


async def test_a_lost_answer_to_sending_a_draft_is_found_out(harness: ActionHarness) -> None:
    made = await harness.ran("create-draft", {"to": BOB, "subject": "Go", "text": "x"})
    harness.fault("drop_response", method="gmail.users.drafts.send", times=1)
    sent = await harness.ran("send-draft", {"id": made["id"]}, **{"Idempotency-Key": "k"})
    assert "SENT" in harness.labels(sent["id"])
    assert harness.calls()["drafts.send"] == 1


async def test_a_draft_that_was_not_sent_is_not_called_sent(harness: ActionHarness) -> None:
    made = await harness.ran("create-draft", {"to": BOB, "subject": "Go", "text": "x"})
    harness.fault("status_503", method="gmail.users.drafts.send", times=1)
    status, error = await harness.refused("send-draft", {"id": made["id"]})
    assert (status, error["code"]) == (424, "upstream_error")
    assert harness.labels(made["message"]["id"]) == {"DRAFT"}
    assert "SENT" in (await harness.ran("send-draft", {"id": made["id"]}))["labelIds"]


async def test_deleting_a_draft_that_was_sent_elsewhere_leaves_the_sent_message(
    harness: ActionHarness,
) -> None:
    made = await harness.ran("create-draft", {"to": BOB, "subject": "Go", "text": "x"})
    sent = send_draft(harness.google.store, EMAIL, made["id"], orphan=True)
    status, error = await harness.refused("delete-draft", {"id": made["id"]})
    assert (status, error["code"]) == (400, "not_a_draft")
    assert f"{sent.id:016x}" in harness.held()
    assert "drafts.delete" not in harness.calls()
