"""history.list as FACTS 3 tells it."""

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.infra.google.emulator import Google, b64, error_of, letter

ADA = "ada@demo.example"
TYPES = ("messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved")


def now(users: Any) -> str:
    found: str = users.getProfile(userId="me").execute()["historyId"]
    return found


def since(users: Any, start: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (
        users.history().list(userId="me", startHistoryId=start, **more).execute()
    )
    return found


def changes(answer: dict[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Flatten an answer to (kind, message id, labels changed) in its order."""
    return [
        (kind, one["message"]["id"], tuple(one.get("labelIds", ())))
        for record in answer.get("history", [])
        for kind in TYPES
        for one in record.get(kind, [])
    ]


def test_nothing_new_is_an_id_without_a_history_key(users: Any) -> None:
    start = now(users)
    assert since(users, start) == {"historyId": start}


def test_a_start_in_the_future_is_empty_with_the_real_id(users: Any) -> None:
    current = now(users)
    assert since(users, str(int(current) + 10_000)) == {"historyId": current}


def test_records_follow_their_start_in_order_with_growing_ids(google: Google, users: Any) -> None:
    start = now(users)
    ids = [google.deliver(ADA, letter(f"Mail {n}"))["id"] for n in range(5)]
    answer = since(users, start)
    assert [one[1] for one in changes(answer)] == ids
    numbers = [int(record["id"]) for record in answer["history"]]
    assert numbers == sorted(set(numbers))
    assert int(start) < numbers[0]
    assert int(answer["historyId"]) >= numbers[-1]
    assert numbers[-1] < 2**63


def test_the_start_is_exclusive(google: Google, users: Any) -> None:
    start = now(users)
    google.deliver(ADA, letter("One"))
    second = google.deliver(ADA, letter("Two"))
    records = since(users, start)["history"]
    assert [one[1] for one in changes(since(users, records[0]["id"]))] == [second["id"]]
    assert "history" not in since(users, records[-1]["id"])


def test_an_added_message_tells_its_labels_and_thread(google: Google, users: Any) -> None:
    start = now(users)
    made = google.deliver(ADA, letter("One"))
    record = since(users, start)["history"][0]
    message = record["messagesAdded"][0]["message"]
    assert (message["id"], message["threadId"]) == (made["id"], made["threadId"])
    assert set(message["labelIds"]) == {"INBOX", "UNREAD"}
    assert record["messages"][0]["id"] == made["id"]


def test_label_changes_name_the_labels_that_changed(google: Google, users: Any) -> None:
    made = google.deliver(ADA, letter("One"))
    start = now(users)
    body = {"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}
    users.messages().modify(userId="me", id=made["id"], body=body).execute()
    assert set(changes(since(users, start))) == {
        ("labelsAdded", made["id"], ("STARRED",)),
        ("labelsRemoved", made["id"], ("UNREAD",)),
    }


def test_a_change_that_changes_nothing_leaves_no_record(google: Google, users: Any) -> None:
    made = google.deliver(ADA, letter("One"))
    start = now(users)
    body = {"addLabelIds": ["INBOX"], "removeLabelIds": ["STARRED"]}
    users.messages().modify(userId="me", id=made["id"], body=body).execute()
    assert changes(since(users, start)) == []


def test_trash_is_a_label_and_only_deletion_deletes(google: Google, users: Any) -> None:
    made = google.deliver(ADA, letter("One"))
    start = now(users)
    users.messages().trash(userId="me", id=made["id"]).execute()
    trashed = now(users)
    users.messages().delete(userId="me", id=made["id"]).execute()
    kinds = {kind: labels for kind, _, labels in changes(since(users, start))}
    assert "TRASH" in kinds["labelsAdded"]
    assert [one[:2] for one in changes(since(users, trashed))] == [("messagesDeleted", made["id"])]


def test_reading_everything_at_once_may_be_few_records(google: Google, users: Any) -> None:
    ids = [google.deliver(ADA, letter(f"Mail {n}"))["id"] for n in range(4)]
    start = now(users)
    body = {"ids": ids, "removeLabelIds": ["UNREAD"]}
    users.messages().batchModify(userId="me", body=body).execute()
    found = changes(since(users, start))
    assert {one[1] for one in found} == set(ids)
    assert {(one[0], one[2]) for one in found} == {("labelsRemoved", ("UNREAD",))}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("messageAdded", "messagesAdded"),
        ("messageDeleted", "messagesDeleted"),
        ("labelAdded", "labelsAdded"),
        ("labelRemoved", "labelsRemoved"),
    ],
)
def test_history_types_filter(google: Google, users: Any, asked: str, told: str) -> None:
    start = now(users)
    made = google.deliver(ADA, letter("One"))
    body = {"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}
    users.messages().modify(userId="me", id=made["id"], body=body).execute()
    users.messages().delete(userId="me", id=made["id"]).execute()
    assert {one[0] for one in changes(since(users, start, historyTypes=[asked]))} == {told}


def test_a_label_id_filters_to_messages_with_that_label(google: Google, users: Any) -> None:
    start = now(users)
    plain = google.deliver(ADA, letter("One"))
    body = {"raw": b64(letter("Two")), "labelIds": ["STARRED"]}
    starred = users.messages().insert(userId="me", body=body).execute()
    found = {one[1] for one in changes(since(users, start, labelId="STARRED"))}
    assert found == {starred["id"]}
    assert plain["id"] not in found


def test_every_page_carries_the_current_id_and_pages_join_up(google: Google, users: Any) -> None:
    """FACTS 3.3: the top-level id is current on every page, so only the last may be stored."""
    start = now(users)
    ids = [google.deliver(ADA, letter(f"Mail {n}"))["id"] for n in range(7)]
    pages = [since(users, start, maxResults=3)]
    while token := pages[-1].get("nextPageToken"):
        pages.append(since(users, start, maxResults=3, pageToken=token))
    assert [one[1] for page in pages for one in changes(page)] == ids
    assert {page["historyId"] for page in pages} == {now(users)}
    assert all(len(page["history"]) <= 3 for page in pages)


def test_draft_churn_shows_as_additions_and_deletions(users: Any) -> None:
    """FACTS 3.8: each save replaces the message; sending deletes it and adds a sent one."""
    start = now(users)
    drafts = users.drafts()
    body = {"message": {"raw": b64(letter("Draft", sender=ADA, to="ben@demo.example"))}}
    first = drafts.create(userId="me", body=body).execute()
    second = drafts.update(userId="me", id=first["id"], body=body).execute()
    sent = drafts.send(userId="me", body={"id": first["id"]}).execute()
    found = [(kind, id_) for kind, id_, _ in changes(since(users, start))]
    drafted, saved = first["message"]["id"], second["message"]["id"]
    assert len({drafted, saved, sent["id"]}) == 3
    assert {("messagesAdded", each) for each in (drafted, saved, sent["id"])} <= set(found)
    assert {("messagesDeleted", drafted), ("messagesDeleted", saved)} <= set(found)
    assert found.index(("messagesAdded", drafted)) < found.index(("messagesDeleted", drafted))


def test_an_expired_history_is_a_404_without_anything_special(google: Google, users: Any) -> None:
    start = now(users)
    google.deliver(ADA, letter("One"))
    google.fault("history_expired", email=ADA, times=1)
    with pytest.raises(HttpError) as refused:
        since(users, start)
    assert refused.value.status_code == 404
    assert error_of(refused.value)["message"] == "Requested entity was not found."


def test_an_id_from_before_the_mailbox_is_expired(users: Any) -> None:
    with pytest.raises(HttpError) as refused:
        since(users, "1")
    assert refused.value.status_code == 404


def test_the_start_is_required(google: Google, users: Any) -> None:
    assert google.call(ADA, "GET", "me/history").status_code == 400


def test_a_lagging_index_promises_more_than_it_shows(google: Google, users: Any) -> None:
    """FACTS 3.6: the id is already current while the records are still hidden."""
    start = now(users)
    made = google.deliver(ADA, letter("One"))
    google.fault("index_lag", email=ADA, times=1)
    lagging = since(users, start)
    assert "history" not in lagging
    assert lagging["historyId"] == now(users)
    assert [one[1] for one in changes(since(users, start))] == [made["id"]]


def test_a_page_may_have_a_token_and_no_history(google: Google, users: Any) -> None:
    """FACTS 3.4: keep paging."""
    start = now(users)
    made = google.deliver(ADA, letter("One"))
    google.fault("page_without_history", email=ADA, times=1)
    empty = since(users, start)
    assert "history" not in empty
    rest = since(users, start, pageToken=empty["nextPageToken"])
    assert [one[1] for one in changes(rest)] == [made["id"]]
