"""users.history: records as Gmail writes them, and enough to rebuild the mailbox (FACTS 3)."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from infra.local.google.gmail.errors import GmailError
from infra.local.google.gmail.history import AHEAD
from tests.infra.google.mail.room import ANN, BOB, Room, encoded, mail


def test_an_empty_history_has_no_key(room: Room):
    current = str(room.store.history_id(ANN))
    assert room.call("history.list", query={"startHistoryId": current}) == {"historyId": current}


def test_a_start_a_little_ahead_is_empty_and_tells_the_real_id(room: Room):
    current = room.store.history_id(ANN)
    answer = room.call("history.list", query={"startHistoryId": str(current + AHEAD - 1)})
    assert answer == {"historyId": str(current)}


@pytest.mark.parametrize("ahead", [AHEAD, 2**62])
def test_a_start_far_ahead_is_refused_like_an_expired_one(room: Room, ahead: int):
    start = str(room.store.history_id(ANN) + ahead)
    with pytest.raises(GmailError) as refused:
        room.call("history.list", query={"startHistoryId": start})
    assert (refused.value.status, refused.value.reason) == (404, "notFound")


def test_each_change_carries_the_labels_of_its_time(room: Room):
    start = room.store.history_id(ANN)
    id = room.deliver("Subject: s")
    room.call("messages.modify", {"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}, id=id)
    room.call("messages.trash", id=id)
    room.call("messages.delete", id=id)
    added, changed, trashed, out, deleted = room.changes(start)
    message = {"id": id, "threadId": id}
    assert added["messages"] == [message]
    assert added["messagesAdded"] == [{"message": {**message, "labelIds": ["INBOX", "UNREAD"]}}]
    now = {**message, "labelIds": ["INBOX", "STARRED"]}
    assert changed["labelsAdded"] == [{"message": now, "labelIds": ["STARRED"]}]
    assert changed["labelsRemoved"] == [{"message": now, "labelIds": ["UNREAD"]}]
    now = {**message, "labelIds": ["INBOX", "STARRED", "TRASH"]}
    assert trashed["labelsAdded"] == [{"message": now, "labelIds": ["TRASH"]}]
    now = {**message, "labelIds": ["STARRED", "TRASH"]}
    assert out["labelsRemoved"] == [{"message": now, "labelIds": ["INBOX"]}]
    assert deleted["messagesDeleted"] == [{"message": now}]


def test_what_changes_nothing_leaves_no_record(room: Room):
    id = room.deliver("Subject: s")
    start = room.store.history_id(ANN)
    room.call("messages.modify", {"addLabelIds": ["INBOX"]}, id=id)
    room.call("messages.untrash", id=id)
    assert room.store.history_id(ANN) == start


def test_one_batch_is_one_record_about_many_messages(room: Room):
    ids = [room.deliver(f"Subject: {number}") for number in range(3)]
    start = room.store.history_id(ANN)
    room.call("messages.batchModify", {"ids": ids, "removeLabelIds": ["UNREAD"]})
    (record,) = room.changes(start)
    assert {change["message"]["id"] for change in record["labelsRemoved"]} == set(ids)


def test_pages_are_chronological_and_each_tells_the_current_id(room: Room):
    start = room.store.history_id(ANN)
    ids = [room.deliver(f"Subject: {number}") for number in range(5)]
    query = {"startHistoryId": str(start), "maxResults": "2"}
    seen: list[str] = []
    while True:
        page = room.call("history.list", query=query)
        assert page["historyId"] == str(room.store.history_id(ANN))
        seen += [record["messages"][0]["id"] for record in page["history"]]
        if "nextPageToken" not in page:
            break
        query["pageToken"] = page["nextPageToken"]
    assert seen == ids


def test_types_and_label_filter_the_records(room: Room):
    start = room.store.history_id(ANN)
    id = room.deliver("Subject: s")
    room.call("messages.modify", {"removeLabelIds": ["INBOX"]}, id=id)
    assert len(room.changes(start, historyTypes="messageAdded")) == 1
    assert len(room.changes(start, historyTypes="messageDeleted")) == 0
    assert len(room.changes(start, labelId="INBOX")) == 1
    assert len(room.changes(start, labelId="UNREAD")) == 2


@pytest.mark.parametrize("start", ["0", "1"])
def test_an_old_start_is_not_found(room: Room, start: str):
    with pytest.raises(GmailError) as caught:
        room.changes(int(start))
    assert (caught.value.status, caught.value.reason) == (404, "notFound")


@pytest.mark.parametrize("query", [{}, {"startHistoryId": "x"}, {"startHistoryId": "1e5"}])
def test_a_start_that_is_none_is_refused(room: Room, query: Any):
    with pytest.raises(GmailError) as caught:
        room.call("history.list", query=query)
    assert caught.value.status == 400


def test_expired_history_is_not_found_from_any_older_start(room: Room):
    start = room.store.history_id(ANN)
    room.deliver("Subject: s")
    room.store.expire_history(ANN)
    with pytest.raises(GmailError, match="not found"):
        room.changes(start)
    assert room.changes(room.store.history_id(ANN)) == []


def test_scripted_faults_hide_records_for_one_call(room: Room):
    start = room.store.history_id(ANN)
    room.deliver("Subject: s")
    room.faults = ["index_lag"]
    assert room.changes(start) == []
    room.faults = ["page_without_history"]
    page = room.call("history.list", query={"startHistoryId": str(start)})
    assert "history" not in page
    assert len(room.changes(start, pageToken=page["nextPageToken"])) == 1
    room.faults = ["history_expired"]
    with pytest.raises(GmailError, match="not found"):
        room.changes(start)


LABELS = st.lists(st.sampled_from(["INBOX", "UNREAD", "STARRED", "TRASH", "SPAM"]), unique=True)


class Replay(RuleBasedStateMachine):
    """Whatever happens, the history from the start rebuilds exactly what the mailbox holds."""

    messages = Bundle("messages")
    drafts = Bundle("drafts")

    def __init__(self) -> None:
        super().__init__()
        self.room = Room()
        self.start = self.room.store.history_id(ANN)

    @rule(target=messages, labels=LABELS)
    def deliver(self, labels: list[str]) -> str:
        return self.room.deliver("Subject: s", label_ids=labels)

    @rule(ids=st.lists(messages, min_size=1, max_size=3), add=LABELS, remove=LABELS)
    def modify(self, ids: list[str], add: list[str], remove: list[str]) -> None:
        kept = [label for label in remove if label not in add]
        if add or kept:
            body = {"ids": ids, "addLabelIds": add, "removeLabelIds": kept}
            self.room.call("messages.batchModify", body)

    @rule(id=messages)
    def trash(self, id: str) -> None:
        self.room.call("messages.trash", id=id)

    @rule(id=messages)
    def untrash(self, id: str) -> None:
        self.room.call("messages.untrash", id=id)

    @rule(id=consumes(messages))
    def delete(self, id: str) -> None:
        self.room.call("messages.delete", id=id)

    @rule(target=drafts)
    def draft(self) -> str:
        raw = encoded(mail(f"To: {BOB}, {ANN}, x@y.invalid"))
        id: str = self.room.call("drafts.create", {"message": {"raw": raw}})["id"]
        return id

    @rule(id=drafts)
    def save(self, id: str) -> None:
        body = {"message": {"raw": encoded(mail(f"To: {ANN}", "Subject: again"))}}
        self.room.call("drafts.update", body, id=id)

    @rule(target=messages, id=consumes(drafts))
    def send(self, id: str) -> str:
        sent: str = self.room.call("drafts.send", {"id": id})["id"]
        return sent

    @invariant()
    def history_rebuilds_the_mailbox(self) -> None:
        held: dict[str, set[str]] = {}
        for record in self.room.changes(self.start, maxResults="500"):
            for kind in ("messagesAdded", "labelsAdded", "labelsRemoved"):
                for change in record.get(kind, []):
                    labels = set(change["message"].get("labelIds", []))
                    held[change["message"]["id"]] = labels
            for change in record.get("messagesDeleted", []):
                del held[change["message"]["id"]]
        oracle = self.room.store.messages(ANN)
        assert held == {entry["id"]: set(entry["labelIds"]) for entry in oracle}

    @invariant()
    def the_lists_agree_with_the_oracle(self) -> None:
        oracle = self.room.store.messages(ANN)
        shown = [entry["id"] for entry in oracle if not {"SPAM", "TRASH"} & set(entry["labelIds"])]
        assert self.room.found("") == shown
        starred = [entry["id"] for entry in oracle if "STARRED" in entry["labelIds"]]
        query = {"labelIds": "STARRED", "includeSpamTrash": "true"}
        assert self.room.found("", **query) == starred

    def teardown(self) -> None:
        self.room.store.close()


Replay.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestReplay = Replay.TestCase
