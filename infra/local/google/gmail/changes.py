"""Label changes, trash and deletion, of one message or many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import invalid, not_found
from infra.local.google.gmail.params import hex_id, read_body, string_list
from infra.local.google.gmail.selection import check_labels
from infra.local.google.mail.labels import OWNED_BY_GMAIL
from infra.local.google.mail.message import Message
from infra.local.google.mail.writer import Relabel

MOST_LABELS: Final = 100
CHANGE_FIELDS: Final = frozenset(
    ["addLabelIds", "removeLabelIds", "addClassificationLabels", "removeClassificationLabelIds"]
)


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Labels to add and to remove, checked."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


def read_change(call: Call, more_fields: frozenset[str] = frozenset()) -> LabelChange:
    """Return the label change in the body. Raise 400 for none, too many, or impossible ones."""
    body = read_body(call.body, CHANGE_FIELDS | more_fields)
    add = tuple(dict.fromkeys(string_list(body, "addLabelIds")))
    remove = tuple(dict.fromkeys(string_list(body, "removeLabelIds")))
    if not add and not remove:
        raise invalid("No label add or removes specified")
    if max(len(add), len(remove)) > MOST_LABELS:
        raise invalid("Too many labels specified")
    check_labels(call.store, call.email, add + remove)
    for label_id in add + remove:
        if label_id in OWNED_BY_GMAIL:
            raise invalid(f"Invalid label: {label_id}")
    if set(add) & set(remove):
        raise invalid("Cannot both add and remove the same label")
    return LabelChange(add, remove)


TRASHED: Final = LabelChange(("TRASH",), ())
UNTRASHED: Final = LabelChange((), ("TRASH",))
"""INBOX does not come back: so recorded of threads.untrash."""


def relabel(call: Call, messages: Sequence[Message], change: LabelChange) -> list[Message]:
    """Change labels in one history record; return the messages as they are then."""
    with call.store.writing() as writer:
        return writer.relabel(
            call.store.mailbox(call.email),
            [Relabel(message, change.add, change.remove) for message in messages],
        )


def trash(call: Call, messages: Sequence[Message]) -> list[Message]:
    """Move to trash: TRASH comes, and in a record of its own INBOX goes (recorded)."""
    return relabel(call, messages, TRASHED)


def untrash(call: Call, messages: Sequence[Message]) -> list[Message]:
    """Take out of trash and leave it at that."""
    return relabel(call, messages, UNTRASHED)


def delete(call: Call, messages: Sequence[Message]) -> None:
    """Delete for good."""
    with call.store.writing() as writer:
        writer.delete(call.store.mailbox(call.email), messages)


def message_of(call: Call, id: Any) -> Message:
    """Return the message a path names. Raise 400 or 404 (FACTS 14.1)."""
    message = call.store.message(call.email, hex_id(id))
    if message is None:
        raise not_found()
    return message


def thread_of(call: Call) -> list[Message]:
    """Return the messages of the thread the path names. Raise 400 or 404."""
    messages = call.store.thread(call.email, hex_id(call.path["id"]))
    if not messages:
        raise not_found()
    return messages
