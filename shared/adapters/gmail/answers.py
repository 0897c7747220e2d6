"""Gmail's JSON answers as the port's types, held to what Gmail documents.

Any other shape raises KeyError, TypeError or ValueError, which the requests make a failure of
Gmail's: half an answer must neither be stored nor move a checkpoint.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.domain.base64url import decode_base64url
from shared.domain.ids import LARGEST_HISTORY_ID, HistoryId, LabelId, MessageId, PageToken, ThreadId
from shared.domain.sync.history import HistoryMessage, HistoryRecord, LabelChange
from shared.ports.google.gmail import (
    Draft,
    GmailObject,
    HistoryPage,
    IdPage,
    MessageRef,
    Profile,
    Sent,
    Watched,
)

Json = Mapping[str, Any]
MOST_NESTED: Final = 200
"""Levels of JSON: orjson writes 254, some of which an answer's own frame takes."""


def an_object(answer: Any) -> Json:
    """Return a JSON object. Raises TypeError."""
    if not isinstance(answer, dict):
        raise TypeError
    return answer


def a_list(answer: Any) -> list[Any]:
    """Return a JSON list. Raises TypeError."""
    if not isinstance(answer, list):
        raise TypeError
    return answer


def a_text(value: Any) -> str:
    """Return a string with something in it. Raises TypeError."""
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def a_number(value: Any) -> int:
    """Return a 64-bit number, which Gmail writes as text. Raises TypeError, ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError
    number = int(value)
    if not 0 <= number <= LARGEST_HISTORY_ID:
        raise ValueError
    return number


def _list_of(answer: Json, name: str) -> list[Any]:
    """Return a list that is left out where it is empty (FACTS 14.3)."""
    return a_list(answer.get(name, []))


def _page_of(answer: Any, name: str) -> Json:
    """Return a listing's page: an empty one still says its estimate."""
    page = an_object(answer)
    if name not in page:
        a_number(page["resultSizeEstimate"])
    return page


def read_profile(answer: Any) -> Profile:
    """users.getProfile."""
    profile = an_object(answer)
    return Profile(
        email=a_text(profile["emailAddress"]),
        history_id=_history_id(profile["historyId"]),
        messages_total=a_number(profile.get("messagesTotal", 0)),
    )


def read_history(answer: Any) -> HistoryPage:
    """history.list; `history` is absent where nothing happened, even mid-way (FACTS 3.4)."""
    page = an_object(answer)
    return HistoryPage(
        records=tuple(_record(an_object(record)) for record in _list_of(page, "history")),
        history_id=_history_id(page["historyId"]),
        next_page=read_next_page(page),
    )


def _record(record: Json) -> HistoryRecord:
    return HistoryRecord(
        id=_history_id(record["id"]),
        added=tuple(_message(change["message"]) for change in _list_of(record, "messagesAdded")),
        deleted=tuple(
            _message(change["message"]) for change in _list_of(record, "messagesDeleted")
        ),
        labels_added=tuple(map(_label_change, _list_of(record, "labelsAdded"))),
        labels_removed=tuple(map(_label_change, _list_of(record, "labelsRemoved"))),
    )


def _history_id(value: Any) -> HistoryId:
    """Return a history ID that a store can hold. Raises TypeError, ValueError."""
    number = a_number(value)
    if not number:
        raise ValueError
    return HistoryId(number)


def _message(message: Json) -> HistoryMessage:
    labels = message.get("labelIds")
    return HistoryMessage(
        id=MessageId(a_text(message["id"])),
        thread_id=ThreadId(a_text(message["threadId"])),
        label_ids=None if labels is None else frozenset(map(LabelId, map(a_text, a_list(labels)))),
    )


def _label_change(change: Json) -> LabelChange:
    labels = map(a_text, _list_of(change, "labelIds"))
    return LabelChange(_message(change["message"]), frozenset(map(LabelId, labels)))


def read_next_page(answer: Json) -> PageToken | None:
    """Return the token of the next page, None at the end."""
    token = answer.get("nextPageToken")
    return PageToken(a_text(token)) if token else None


def read_refs(answer: Any) -> list[MessageRef]:
    """messages.list."""
    return [
        MessageRef(MessageId(a_text(ref["id"])), ThreadId(a_text(ref["threadId"])))
        for ref in _list_of(_page_of(answer, "messages"), "messages")
    ]


def read_ids(answer: Any) -> IdPage:
    """messages.list with its page token and estimate."""
    refs = read_refs(answer)
    return IdPage(refs, read_next_page(answer), a_number(answer.get("resultSizeEstimate", 0)))


def read_drafts(answer: Any) -> tuple[list[Draft], PageToken | None]:
    """drafts.list."""
    page = _page_of(answer, "drafts")
    return [read_draft(draft) for draft in _list_of(page, "drafts")], read_next_page(page)


def read_object(answer: Any) -> GmailObject:
    """Return a message of any format."""
    message = an_object(answer)
    a_text(message["id"])
    a_text(message["threadId"])
    for label in _list_of(message, "labelIds"):
        a_text(label)
    for header in _list_of(an_object(message.get("payload", {})), "headers"):
        if not (isinstance(header["name"], str) and isinstance(header["value"], str)):
            raise TypeError
    return message


def read_message(id: MessageId, *, full: bool = True) -> Callable[[Any], GmailObject]:
    """Return what reads messages.get of that id."""

    def read(answer: Any) -> GmailObject:
        message = _whole(answer) if full else read_object(answer)
        if message["id"] != id:
            raise ValueError
        return message

    return read


def _whole(answer: Any) -> GmailObject:
    """Return a message with everything that a record is made of."""
    message = read_object(answer)
    a_number(message["historyId"])
    int(message["internalDate"])  # negative before 1970
    an_object(message["payload"])
    return message


def read_thread(answer: Any) -> list[GmailObject]:
    """threads.get: its messages, of any format."""
    return [read_object(message) for message in a_list(an_object(answer)["messages"])]


def read_whole_thread(answer: Any) -> list[GmailObject]:
    """threads.get with format=full."""
    return [_whole(message) for message in a_list(an_object(answer)["messages"])]


def read_label_ids(answer: Any) -> list[LabelId]:
    """labels.list: no mailbox is without Gmail's own labels."""
    return [LabelId(a_text(label["id"])) for label in a_list(an_object(answer)["labels"])]


def read_watched(answer: Any) -> Watched:
    """users.watch: `expiration` is epoch milliseconds as a string (FACTS 2.1)."""
    watched = an_object(answer)
    expires_at = datetime.fromtimestamp(a_number(watched["expiration"]) / 1000, UTC)
    return Watched(_history_id(watched["historyId"]), expires_at)


def read_sent(answer: Any) -> Sent:
    """messages.send, drafts.send."""
    sent = an_object(answer)
    return Sent(MessageId(a_text(sent["id"])), ThreadId(a_text(sent["threadId"])))


def read_draft(answer: Any) -> Draft:
    """drafts.create, drafts.get and the entries of drafts.list."""
    message = an_object(an_object(answer)["message"])
    ids = MessageId(a_text(message["id"])), ThreadId(a_text(message["threadId"]))
    return Draft(a_text(answer["id"]), *ids)


def read_data(answer: Any) -> bytes:
    """attachments.get; an empty attachment has no data."""
    part = an_object(answer)
    if "data" not in part and a_number(part["size"]) == 0:
        return b""
    return decode_base64url(part["data"] and a_text(part["data"]))


def read_aliases(answer: Any) -> list[GmailObject]:
    """settings.sendAs.list: no mailbox is without its own address."""
    found = [an_object(one) for one in a_list(an_object(answer)["sendAs"])]
    for one in found:
        a_text(one["sendAsEmail"])
    return found


def read_call(method: str, path: str) -> Callable[[Any], Any]:
    """Return what reads the answer of any method: an object, or nothing where Gmail says none.

    A draft's message is what callers judge, so it is held to a message's shape.
    """

    def read(answer: Any) -> Any:
        if answer is None and method != "GET":
            return None
        found = an_object(answer)
        _check_nesting(found)
        if method == "GET" and path.startswith("/drafts/"):
            read_object(found["message"])
        return found

    return read


def _check_nesting(answer: Json) -> None:
    """Raise ValueError for JSON that could not be written again: MIME may nest that deep."""
    level: list[Any] = [answer]
    for _ in range(MOST_NESTED):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError


def _inside(outer: Any) -> Iterable[Any]:
    if isinstance(outer, dict):
        return outer.values()
    return outer if isinstance(outer, list) else ()
