"""Labels, profile, aliases, the watch and history, through the API."""

from pathlib import Path

import pytest

from shared.domain.ids import email_key
from shared.domain.scopes import COMPOSE, LABELS, METADATA, READONLY, SEND
from tests.actions.desk import EMAIL, Desk, open_desk


async def test_a_label_is_made_changed_counted_and_deleted(desk: Desk) -> None:
    made = await desk.ran("create-label", {"name": "Invoices", "labelListVisibility": "labelHide"})
    changed = await desk.ran("update-label", {"id": made["id"], "name": "Bills"})
    assert (changed["name"], changed["labelListVisibility"]) == ("Bills", "labelHide")
    id = desk.deliver()
    await desk.ran("modify-message", {"id": id, "addLabelIds": [made["id"]]})
    counted = await desk.ran("get-label", {"id": made["id"]})
    assert (counted["messagesTotal"], counted["messagesUnread"]) == (1, 1)
    names = {one["name"] for one in (await desk.ran("list-labels"))["labels"]}
    assert {"Bills", "INBOX"} <= names
    await desk.ran("delete-label", {"id": made["id"]})
    assert desk.labels(id) == {"INBOX", "UNREAD"}


async def test_a_label_name_that_is_taken_is_gmails_conflict(desk: Desk) -> None:
    await desk.ran("create-label", {"name": "Invoices"})
    status, error = await desk.refused("create-label", {"name": "Invoices"})
    assert (status, error["upstream"]["status"]) == (424, 409)


async def test_the_mailbox_tells_its_address_and_its_aliases(desk: Desk) -> None:
    profile = await desk.ran("get-profile")
    assert profile["emailAddress"] == EMAIL
    (own,) = (await desk.ran("list-send-as-aliases"))["sendAs"]
    assert (own["sendAsEmail"], own["isPrimary"]) == (EMAIL, True)


async def test_history_is_listed_and_a_start_that_is_gone_says_what_to_do(desk: Desk) -> None:
    start = (await desk.ran("get-profile"))["historyId"]
    id = desk.deliver()
    asked = {"startHistoryId": start, "historyTypes": ["messageAdded"]}
    (change,) = (await desk.ran("list-watch-history", asked))["history"]
    assert change["messagesAdded"][0]["message"]["id"] == id
    desk.google.store.expire_history(EMAIL)
    desk.deliver()
    status, error = await desk.refused("list-watch-history", {"startHistoryId": "1"})
    assert (status, error["upstream"]["status"]) == (424, 404)
    assert "get-profile" in error["message"]


async def test_the_watch_is_forced_and_stopped(desk: Desk) -> None:
    armed = await desk.ran("watch-mailbox")
    mailbox = await desk.wiring.mailboxes.get(email_key(EMAIL))
    assert mailbox is not None
    assert mailbox.value.watch_expires_at is not None
    assert round(mailbox.value.watch_expires_at.timestamp() * 1000) == int(armed["expiration"])
    assert await desk.ran("stop-watch") == {"success": True}
    assert desk.calls()["gmail.users.stop"] == 1


@pytest.mark.parametrize(
    ("granted", "action", "needed"),
    [
        (SEND, "get-message", READONLY),
        (SEND, "create-draft", COMPOSE),
        (READONLY, "modify-message", "https://www.googleapis.com/auth/gmail.modify"),
        (READONLY, "create-label", LABELS),
        (LABELS, "get-profile", READONLY),
    ],
)
async def test_a_scope_that_was_not_granted_is_named(
    tmp_path: Path, granted: str, action: str, needed: str
) -> None:
    asked = {
        "get-message": {"id": "18f0"},
        "modify-message": {"id": "18f0", "addLabelIds": ["STARRED"]},
        "create-label": {"name": "x"},
    }
    async with open_desk(tmp_path, [granted]) as desk:
        status, error = await desk.refused(action, asked.get(action))
        assert (status, error["code"], error["payload"]) == (
            403, "missing_scope", {"scope": needed},
        )  # fmt: skip
        assert desk.calls() == {}


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("get-message", {"id": "18f0"}),
        ("get-thread", {"id": "18f0"}),
        ("list-messages", {"q": "x"}),
        ("list-threads", {"q": "x"}),
    ],
)
async def test_a_grant_of_headers_only_is_told_what_bodies_and_search_need(
    tmp_path: Path, action: str, asked: dict[str, str]
) -> None:
    async with open_desk(tmp_path, [METADATA]) as desk:
        status, error = await desk.refused(action, asked)
        assert (status, error["payload"]["scope"]) == (403, READONLY)
        id = desk.deliver()
        read = await desk.ran("get-message", {"id": id, "format": "metadata"})
        assert read["id"] == id
