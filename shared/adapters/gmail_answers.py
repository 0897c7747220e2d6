"""Gmail's JSON answers as the port's types; a shape Gmail does not document raises KeyError."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.domain.history import HistoryMessage, HistoryRecord, LabelChange
from shared.domain.ids import LARGEST_HISTORY_ID, HistoryId, LabelId, MessageId, PageToken, ThreadId
from shared.ports.gmail import Draft, HistoryPage, IdPage, MessageRef, Profile, Sent, Watched

Json = Mapping[str, Any]


def read_profile(answer: Json) -> Profile:
    """users.getProfile."""
    return Profile(
        email=answer["emailAddress"],
        history_id=_history_id(answer["historyId"]),
        messages_total=int(answer.get("messagesTotal", 0)),
    )


def read_history(answer: Json) -> HistoryPage:
    """history.list; `history` is absent where nothing happened, even mid-way (FACTS 3.4)."""
    return HistoryPage(
        records=tuple(_record(record) for record in answer.get("history", ())),
        history_id=_history_id(answer["historyId"]),
        next_page=read_next_page(answer),
    )


def _record(record: Json) -> HistoryRecord:
    return HistoryRecord(
        id=_history_id(record["id"]),
        added=tuple(_message(change["message"]) for change in record.get("messagesAdded", ())),
        deleted=tuple(_message(change["message"]) for change in record.get("messagesDeleted", ())),
        labels_added=tuple(map(_label_change, record.get("labelsAdded", ()))),
        labels_removed=tuple(map(_label_change, record.get("labelsRemoved", ()))),
    )


def _history_id(text: Any) -> HistoryId:
    """Read one that a store can hold."""
    found = int(text)
    if not 0 < found <= LARGEST_HISTORY_ID:
        raise ValueError
    return HistoryId(found)


def _message(message: Json) -> HistoryMessage:
    labels = message.get("labelIds")
    return HistoryMessage(
        id=MessageId(message["id"]),
        thread_id=ThreadId(message["threadId"]),
        label_ids=None if labels is None else frozenset(labels),
    )


def _label_change(change: Json) -> LabelChange:
    return LabelChange(_message(change["message"]), frozenset(change.get("labelIds", ())))


def read_next_page(answer: Json) -> PageToken | None:
    """Answer the token of the next page, None at the end."""
    token = answer.get("nextPageToken")
    return PageToken(token) if token else None


def read_refs(answer: Json) -> list[MessageRef]:
    """messages.list; an empty list is left out (FACTS 14.3)."""
    return [
        MessageRef(MessageId(ref["id"]), ThreadId(ref["threadId"]))
        for ref in answer.get("messages", ())
    ]


def read_ids(answer: Json) -> IdPage:
    """messages.list with its page token and estimate."""
    estimate = int(answer.get("resultSizeEstimate", 0))
    return IdPage(read_refs(answer), read_next_page(answer), estimate)


def read_object(answer: Any) -> Json:
    """Any JSON object with an id."""
    if not (isinstance(answer, dict) and isinstance(answer.get("id"), str)):
        raise TypeError
    return answer


def read_thread(answer: Json) -> list[Json]:
    """threads.get: its messages."""
    return [read_object(message) for message in answer.get("messages", ())]


def read_label_ids(answer: Json) -> list[LabelId]:
    """labels.list."""
    return [LabelId(label["id"]) for label in answer.get("labels", ())]


def read_watched(answer: Json) -> Watched:
    """users.watch: `expiration` is epoch milliseconds as a string (FACTS 2.1)."""
    expires_at = datetime.fromtimestamp(int(answer["expiration"]) / 1000, UTC)
    return Watched(_history_id(answer["historyId"]), expires_at)


def read_sent(answer: Json) -> Sent:
    """messages.send, drafts.send."""
    return Sent(MessageId(answer["id"]), ThreadId(answer["threadId"]))


def read_draft(answer: Json) -> Draft:
    """drafts.create, drafts.get and the entries of drafts.list."""
    message = answer["message"]
    return Draft(answer["id"], MessageId(message["id"]), ThreadId(message["threadId"]))
