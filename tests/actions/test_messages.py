"""Messages and threads, through the API, against the emulated Gmail."""

from typing import Any

import pytest

from tests.harness.acting import ActionHarness

UNKNOWN = "18f00000000000ff"


async def test_a_message_is_read_in_every_format(harness: ActionHarness) -> None:
    id = harness.deliver(subject="Invoice 7")
    full = await harness.ran("get-message", {"id": id})
    assert full["payload"]["mimeType"] == "text/plain"
    headers = {"id": id, "format": "metadata", "metadataHeaders": ["Subject"]}
    named = (await harness.ran("get-message", headers))["payload"]["headers"]
    assert [(one["name"], one["value"]) for one in named] == [("Subject", "Invoice 7")]
    assert "raw" in await harness.ran("get-message", {"id": id, "format": "raw"})
    minimal = await harness.ran("get-message", {"id": id, "format": "minimal"})
    assert minimal["payload"] == {"partId": ""}


async def test_a_listing_pages_searches_and_may_be_empty(harness: ActionHarness) -> None:
    ids = {harness.deliver(subject=f"Letter {number}") for number in range(5)}
    harness.deliver(subject="Other", text="zebra")
    first = await harness.ran("list-messages", {"q": "subject:Letter", "maxResults": 3})
    rest = await harness.ran(
        "list-messages",
        {"q": "subject:Letter", "maxResults": 3, "pageToken": first["nextPageToken"]},
    )
    assert {one["id"] for one in first["messages"] + rest["messages"]} == ids
    assert "nextPageToken" not in rest
    none = await harness.ran("list-messages", {"labelIds": ["STARRED", "INBOX"]})
    assert none.get("messages", []) == []


async def test_spam_and_trash_are_listed_where_asked(harness: ActionHarness) -> None:
    id = harness.deliver()
    await harness.ran("trash-message", {"id": id})
    assert (await harness.ran("list-messages", {})).get("messages", []) == []
    everything = await harness.ran("list-messages", {"includeSpamTrash": True})
    assert [one["id"] for one in everything["messages"]] == [id]


async def test_labels_come_and_go(harness: ActionHarness) -> None:
    id, other = harness.deliver(), harness.deliver()
    changed = await harness.ran("modify-message", {"id": id, "removeLabelIds": ["UNREAD"]})
    assert "UNREAD" not in changed["labelIds"]
    asked = {"ids": [id, other], "addLabelIds": ["STARRED"]}
    assert (await harness.ran("batch-modify-messages", asked))["success"] is True
    assert harness.labels(id) == {"INBOX", "STARRED"}
    assert harness.labels(other) == {"INBOX", "STARRED", "UNREAD"}


async def test_what_is_trashed_comes_back(harness: ActionHarness) -> None:
    id = harness.deliver()
    await harness.ran("trash-message", {"id": id})
    assert "TRASH" in harness.labels(id)
    await harness.ran("untrash-message", {"id": id})
    assert harness.labels(id) == {"UNREAD"}  # Gmail leaves it out of the inbox


@pytest.mark.parametrize("kind", ["message", "thread"])
async def test_what_is_trashed_comes_back_into_the_inbox_by_one_call(
    harness: ActionHarness, kind: str
) -> None:
    id = harness.deliver()
    await harness.ran(f"trash-{kind}", {"id": id})
    await harness.ran(f"untrash-{kind}", {"id": id, "to_inbox": True})
    assert harness.labels(id) == {"INBOX", "UNREAD"}
    assert f"gmail.users.{kind}s.untrash" not in harness.calls()


async def test_a_thread_is_read_labelled_and_trashed_as_one(harness: ActionHarness) -> None:
    first = harness.deliver(Message_ID="<one@far.example>")
    second = harness.deliver(subject="Re: Hello", In_Reply_To="<one@far.example>",
                          References="<one@far.example>")  # fmt: skip
    (found,) = (await harness.ran("list-threads", {"q": "Hello"}))["threads"]
    thread = {"id": found["id"]}
    whole = await harness.ran("get-thread", thread)
    assert [one["id"] for one in whole["messages"]] == [first, second]
    await harness.ran("modify-thread", {**thread, "removeLabelIds": ["UNREAD"]})
    assert harness.labels(first) == harness.labels(second) == {"INBOX"}
    await harness.ran("trash-thread", thread)
    assert "TRASH" in harness.labels(first) & harness.labels(second)
    await harness.ran("untrash-thread", thread)
    assert "TRASH" not in harness.labels(first) | harness.labels(second)


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("get-message", {"id": UNKNOWN}),
        ("modify-message", {"id": UNKNOWN, "addLabelIds": ["STARRED"]}),
        ("trash-message", {"id": UNKNOWN}),
        ("untrash-message", {"id": UNKNOWN}),
        ("get-thread", {"id": UNKNOWN}),
        ("modify-thread", {"id": UNKNOWN, "addLabelIds": ["STARRED"]}),
        ("trash-thread", {"id": UNKNOWN}),
        ("untrash-thread", {"id": UNKNOWN}),
        ("get-label", {"id": "Label_999"}),
        ("update-label", {"id": "Label_999", "name": "x"}),
        ("delete-label", {"id": "Label_999"}),
        ("get-draft", {"id": "r-999"}),
        ("update-draft", {"id": "r-999", "text": "x"}),
        ("send-draft", {"id": "r-999"}),
        ("delete-draft", {"id": "r-999"}),
        ("get-attachment", {"messageId": UNKNOWN, "partId": "1"}),
    ],
)
async def test_an_id_that_gmail_does_not_know_says_so(
    harness: ActionHarness, action: str, asked: Any
) -> None:
    status, error = await harness.refused(action, asked)
    assert (status, error["code"]) == (424, "upstream_error")
    assert error["upstream"]["status"] == 404


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("modify-message", {"id": UNKNOWN}),
        ("modify-thread", {"id": UNKNOWN}),
        ("batch-modify-messages", {"ids": [], "addLabelIds": ["STARRED"]}),
        ("batch-modify-messages", {"ids": [UNKNOWN] * 1001, "addLabelIds": ["STARRED"]}),
        ("list-messages", {"maxResults": 501}),
        ("get-message", {"id": "../labels"}),
        ("get-label", {"id": "a/b"}),
        ("list-watch-history", {}),
        ("get-profile", {"id": "1"}),
    ],
)
async def test_what_cannot_be_is_refused_before_gmail_is_asked(
    harness: ActionHarness, action: str, asked: Any
) -> None:
    status, error = await harness.refused(action, asked)
    assert (status, error["code"]) == (400, "invalid_body")
    assert harness.calls() == {}


async def test_a_label_that_does_not_exist_is_gmails_own_refusal(harness: ActionHarness) -> None:
    asked = {"id": harness.deliver(), "addLabelIds": ["Label_999"]}
    status, error = await harness.refused("modify-message", asked)
    assert (status, error["code"], error["upstream"]["status"]) == (424, "upstream_error", 400)


async def test_a_repeated_key_changes_nothing_twice(harness: ActionHarness) -> None:
    asked = {"id": harness.deliver(), "addLabelIds": ["STARRED"]}
    first = await harness.run("modify-message", asked, **{"Idempotency-Key": "k"})
    again = await harness.run("modify-message", asked, **{"Idempotency-Key": "k"})
    assert first.json() == again.json()
    assert again.headers["Idempotent-Response"] == "true"
    assert harness.calls()["messages.modify"] == 1
