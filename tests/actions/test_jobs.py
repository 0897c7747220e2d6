"""Jobs on the stored mail: found, read and listed without a call to Gmail."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness.acting import ActionHarness
from tests.harness.samples import error_of, store_records
from tests.harness.stored_mail import ANN, BOB, ME, stored_mail

PDF = {"partId": "2", "filename": "a.pdf", "mimeType": "application/pdf", "size": 9}
QUOTED = "Yes.\n\nOn Monday Bob wrote:\n> Shall we?\n"


@pytest.fixture(autouse=True)
async def mail(harness: ActionHarness) -> None:
    await store_records(
        harness.container,
        stored_mail(1, "Invoice 7", labels=["INBOX", "UNREAD"], attachments=[PDF]),
        stored_mail(2, "Tea", "Shall we?", thread=2),
        stored_mail(3, "Re: Tea", QUOTED, thread=2, sender=ME, to=[BOB], labels=["SENT"]),
        stored_mail(4, "Invoice 8", sender=ANN, labels=["Label_7", "UNREAD"], thread=4),
        stored_mail(5, "Win", sender=ANN, labels=["SPAM"]),
        stored_mail(6, "Tea too", "Me too.", thread=2, sender=ANN, labels=["INBOX", "UNREAD"]),
    )


def numbers(found: Any, name: str = "records") -> list[int]:
    return [int(one["id"], 16) for one in found[name]]


async def search(harness: ActionHarness, **query: Any) -> Any:
    answer = await harness.api.get("/records/search", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, [6, 4, 3, 2, 1]),
        ({"from": "ann"}, [6, 4]),
        ({"from": "ann@acme.example", "subject": "invoice"}, [4]),
        ({"from": "acme.example"}, [6, 4, 3]),
        ({"to": "bob@far.example"}, [3]),
        ({"label": "Label_7"}, [4]),
        ({"label": "SPAM"}, [5]),
        ({"has": "attachment"}, [1]),
        ({"unread": "true"}, [6, 4, 1]),
        ({"thread_id": f"{2:016x}"}, [6, 3, 2]),
        ({"after": "2026-10-01T12:04:00Z"}, [6, 4]),
        ({"after": "2026-10-01", "before": "2026-10-01T12:03:00Z"}, [2, 1]),
        ({"from": "", "subject": "", "page": ""}, [6, 4, 3, 2, 1]),
    ],
    ids=str,
)
async def test_plain_filters_are_answered_by_the_records_for_nothing(
    harness: ActionHarness, asked: Any, wanted: list[int]
) -> None:
    found = await search(harness, **asked)
    assert numbers(found) == wanted
    assert (found["source"], found["units"], found["complete"]) == ("store", 0, True)
    assert harness.units() == 0


async def test_pages_of_a_search_follow_each_other(harness: ActionHarness) -> None:
    first = await search(harness, limit=2)
    second = await search(harness, limit=9, page=first["next_page"])
    assert (numbers(first), numbers(second)) == ([6, 4], [3, 2, 1])
    assert second["next_page"] is None
    row = second["records"][-1]
    assert row == {
        "id": f"{1:016x}",
        "threadId": f"{1:016x}",
        "from": BOB,
        "to": [ME],
        "subject": "Invoice 7",
        "date": "2026-10-01T12:01:00.000Z",
        "snippet": "Hi.",
        "labelIds": ["INBOX", "UNREAD"],
        "isUnread": True,
        "attachments": 1,
    }


@pytest.mark.parametrize(
    "asked",
    [{"page": "nonsense"}, {"subject": "!!"}, {"page": "g.7"}, {"q": "x", "thread_id": "1"}],
    ids=str,
)
async def test_a_search_that_cannot_be_answered_says_so(harness: ActionHarness, asked: Any) -> None:
    answer = await harness.api.get("/records/search", params=asked)
    assert answer.status_code == 400
    assert error_of(answer)["message"]


async def test_gmails_operators_go_to_gmail_and_come_back_joined(harness: ActionHarness) -> None:
    new = harness.deliver("Only at Gmail", subject="Only at Gmail")
    found = await search(harness, q="subject:only", unread="true")
    assert (found["source"], found["units"], harness.units()) == ("gmail", 5, 5)
    assert [one["id"] for one in found["records"]] == [new]
    assert found["records"][0]["from"] is None
    assert (await search(harness, q="subject:only", subject="nothing"))["records"] == []


async def test_messages_are_read_without_what_they_quote(harness: ActionHarness) -> None:
    ids = [f"{3:016x}", f"{1:016x}"]
    found = await harness.ran("read-messages", {"ids": ids})
    assert [one["id"] for one in found["messages"]] == ids
    assert (found["messages"][0]["text"], found["units"]) == ("Yes.", 0)
    assert found["messages"][1]["attachments"][0]["partId"] == "2"
    whole = await harness.ran("read-messages", {"ids": ids, "whole": True})
    assert whole["messages"][0]["text"] == QUOTED
    assert harness.units() == 0


async def test_what_is_not_stored_is_read_at_gmail(harness: ActionHarness) -> None:
    new = harness.deliver("Only at Gmail")
    found = await harness.ran("read-messages", {"ids": [new, "00000000000000ff"]})
    assert found["messages"][0]["text"].strip() == "The body of Only at Gmail."
    assert (found["missing"], found["units"]) == (["00000000000000ff"], 40)
    thread = await harness.ran("read-thread", {"id": found["messages"][0]["threadId"]})
    assert (len(thread["messages"]), thread["units"]) == (1, 40)


async def test_a_thread_is_read_in_order_each_message_once(harness: ActionHarness) -> None:
    found = await harness.ran("read-thread", {"id": f"{2:016x}"})
    assert numbers(found, "messages") == [2, 3, 6]
    assert [one["text"] for one in found["messages"]] == ["Shall we?", "Yes.", "Me too."]
    assert harness.units() == 0


async def test_conversations_come_by_their_newest_message(harness: ActionHarness) -> None:
    found = await harness.ran("list-conversations", {})
    assert [int(one["threadId"], 16) for one in found["conversations"]] == [2, 4, 1]
    tea = found["conversations"][0]
    assert (tea["subject"], tea["messages"], tea["unread"]) == ("Tea", 3, 1)
    assert [one["email"] for one in tea["participants"]] == [
        *("bob@far.example", "ada@acme.example", "ann@acme.example")
    ]
    assert tea["snippet"] == "Me too."


async def test_pages_of_conversations_name_each_once(harness: ActionHarness) -> None:
    seen = list[int]()
    page: str | None = ""
    while page is not None:
        found = await harness.ran("list-conversations", {"limit": 1, "page": page})
        seen += [int(one["threadId"], 16) for one in found["conversations"]]
        page = found["next_page"]
    assert seen == [2, 4, 1]
    unread = await harness.ran("list-conversations", {"unread": True, "labels": ["INBOX"]})
    assert [int(one["threadId"], 16) for one in unread["conversations"]] == [2, 1]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("bob", ["bob@far.example"]),
        ("Ann Lee", ["ann@acme.example"]),
        ("far.example", ["bob@far.example"]),
        ("bo", ["bob@far.example"]),
        ("nobody", []),
        ("", ["bob@far.example", "ann@acme.example"]),
    ],
)
async def test_a_contact_is_found_by_name(
    harness: ActionHarness, name: str, wanted: list[str]
) -> None:
    found = await harness.ran("find-contact", {"name": name})
    assert [one["email"] for one in found["contacts"]] == wanted
    assert harness.units() == 0


async def test_what_is_scheduled_is_listed_and_called_off(harness: ActionHarness) -> None:
    later = (harness.clock.now() + timedelta(hours=1)).isoformat()
    letter = {"to": "bob@far.example", "subject": "Later", "body": "x", "send_at": later}
    await harness.run("send-email", letter, **{"Idempotency-Key": "later-1"})
    (found,) = (await harness.ran("list-scheduled", {}))["sends"]
    assert (found["send"], found["status"]) == ("later-1", "accepted")
    called_off = await harness.ran("cancel-send", {"send": "later-1"})
    assert called_off["status"] == "cancelled"
    assert (await harness.ran("list-scheduled", {}))["sends"] == []
