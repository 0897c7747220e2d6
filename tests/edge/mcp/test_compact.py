"""What the short form of an output leaves out, and what it must not."""

from typing import Any

from shared.edge.mcp.results.compact import compact

ADA = "ada@acme.example"
BOB = {"name": "Bob", "email": "bob@far.example"}
HEAD: dict[str, Any] = {
    "id": "1",
    "threadId": "1",
    "from": BOB,
    "to": [{"name": None, "email": ADA}],
    "subject": "Tea",
    "date": "2026-03-05T10:00:00Z",
    "labelIds": ["INBOX", "UNREAD"],
    "isUnread": True,
    "attachments": 0,
}
USUAL = {"next_page": None, "complete": True, "source": "store", "units": 0}


def test_a_list_is_columns_that_say_something_and_rows_that_end_with_their_last_value() -> None:
    reply = {**HEAD, "id": "2", "attachments": 1}
    plain = {**HEAD, "id": "3", "threadId": "3", "labelIds": []}
    found = compact("search-mail", {"records": [HEAD, reply, plain], **USUAL}, ADA)
    assert found == {
        "records": {
            "columns": ["id", "from", "subject", "date", "labelIds", "attachments", "threadId"],
            "rows": [
                ["1", "Bob <bob@far.example>", "Tea", "2026-03-05T10:00Z", "INBOX UNREAD"],
                ["2", "Bob <bob@far.example>", "Tea", "2026-03-05T10:00Z", "INBOX UNREAD", 1, "1"],
                ["3", "Bob <bob@far.example>", "Tea", "2026-03-05T10:00Z"],
            ],
        }
    }


def test_a_search_that_is_not_complete_or_that_cost_something_says_so() -> None:
    told = {"complete": False, "source": "gmail", "units": 5, "next_page": "p2"}
    found = compact("search-mail", {"records": [], **told}, ADA)
    assert found == {**told, "records": {"columns": [], "rows": []}}


def test_labels_are_named_where_the_name_is_not_the_id() -> None:
    labels = [
        {"id": "INBOX", "name": "INBOX", "type": "system", "labelListVisibility": "labelShow"},
        {"id": "Label_1", "name": "Bills", "type": "user"},
    ]
    assert compact("list-labels", {"labels": labels}, ADA) == {
        "labels": {
            "columns": ["id", "type", "name"],
            "rows": [["INBOX", "system"], ["Label_1", "user", "Bills"]],
        }
    }


def test_a_drafts_ids_are_said_once() -> None:
    draft = {"id": "r-1", "message": {"id": "1", "threadId": "1"}, "messageId": "1"}
    assert compact("create-draft", draft, ADA) == {"id": "r-1", "messageId": "1"}
