"""users.messages."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from infra.local.google.gmail import changes
from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.changes import message_of
from infra.local.google.gmail.errors import invalid, not_found
from infra.local.google.gmail.paging import list_page, page_position
from infra.local.google.gmail.params import boolean, choice, hex_id, max_results, string_list
from infra.local.google.gmail.payload import (
    changed_resource,
    message_json,
    read_format,
    short_resource,
)
from infra.local.google.gmail.selection import check_labels, read_selection
from infra.local.google.gmail.uploads import (
    IMPORT_BYTES,
    Handed,
    check_thread,
    read_message,
    resource_of,
    thread_for,
)
from infra.local.google.mail.headers import first, read_headers, split_head
from infra.local.google.mail.ids import hexadecimal
from infra.local.google.mail.listing import list_messages
from infra.local.google.mail.message import Message
from infra.local.google.mail.sending import UnsendableError, send
from infra.local.google.mail.store import epoch_ms

MOST_IDS: Final = 1000
DATE_SOURCES: Final = ("receivedTime", "dateHeader")


def list_(call: Call) -> Answer:
    """List {id, threadId}, latest arrival first."""
    limit, offset = max_results(call), page_position(call, "messages")
    selection = read_selection(call)
    if selection is None:
        return {"resultSizeEstimate": 0}
    found = list_messages(call.store, call.email, selection, limit + 1, offset)
    short = [{"id": hexadecimal(id), "threadId": hexadecimal(thread)} for id, thread in found]
    return list_page(call, "messages", short, offset, limit)


def get(call: Call) -> Answer:
    """Return a Message in the wanted format."""
    wanted = read_format(call)
    message = message_of(call, call.path["id"])
    if call.fault("fresh_404"):
        raise not_found()
    return message_json(call.store, message, wanted, call.query.getlist("metadataHeaders"))


def send_(call: Call) -> Answer:
    """Send; the answer is the sender's SENT message."""
    handed = read_message(call, resource_of(call))
    thread = thread_for(call.store, call.email, handed)
    try:
        with call.store.writing() as writer:
            mailbox = call.store.mailbox(call.email)
            sent = send(call.store, writer, mailbox, handed.raw, thread)
    except UnsendableError as error:
        raise invalid(str(error)) from None
    return short_resource(sent)


def _header_date(raw: bytes) -> datetime | None:
    try:
        moment = parsedate_to_datetime(first(read_headers(split_head(raw)[0]), "date"))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _put(call: Call, default_source: str) -> Message:
    handed = read_message(call, resource_of(call), most_bytes=IMPORT_BYTES)
    boolean(call, "deleted")
    source = choice(
        call, "internalDateSource", DATE_SOURCES, default_source, "gmail.api.InternalDateSource"
    )
    check_labels(call.store, call.email, handed.label_ids)
    thread = check_thread(call.store, call.email, handed.thread_id)
    moment = _header_date(handed.raw) if source == "dateHeader" else None
    return _store(call, handed, thread, moment or call.now)


def _store(call: Call, handed: Handed, thread: int | None, moment: datetime) -> Message:
    with call.store.writing() as writer:
        return writer.add(
            call.store.mailbox(call.email),
            handed.raw,
            handed.label_ids,
            internal_ms=epoch_ms(moment),
            thread=thread,
        )


def insert(call: Call) -> Answer:
    """Put a message into the mailbox as it is, dated now unless asked otherwise."""
    return short_resource(_put(call, "receivedTime"))


def import_(call: Call) -> Answer:
    """Put a message into the mailbox as if it had arrived, dated by its Date header."""
    boolean(call, "neverMarkSpam")
    boolean(call, "processForCalendar")
    return short_resource(_put(call, "dateHeader"))


def modify(call: Call) -> Answer:
    """Change a message's labels."""
    message = message_of(call, call.path["id"])
    changed = changes.relabel(call, [message], changes.read_change(call))[0]
    return changed_resource(call.store, changed)


def trash(call: Call) -> Answer:
    """Move a message to trash."""
    return short_resource(changes.trash(call, [message_of(call, call.path["id"])])[0])


def untrash(call: Call) -> Answer:
    """Take a message out of trash."""
    changed = changes.untrash(call, [message_of(call, call.path["id"])])[0]
    return changed_resource(call.store, changed)


def delete(call: Call) -> None:
    """Delete a message for good."""
    changes.delete(call, [message_of(call, call.path["id"])])


def _batch(call: Call, body: Any) -> list[Message]:
    ids = string_list(body if isinstance(body, dict) else {}, "ids")
    if not ids:
        raise invalid("No message ids specified")
    if len(ids) > MOST_IDS:
        raise invalid(f"Number of ids cannot exceed {MOST_IDS}")
    numbers = dict.fromkeys(hex_id(id, "ids") for id in ids)
    found = (call.store.message(call.email, number) for number in numbers)
    return [message for message in found if message is not None]


def batch_modify(call: Call) -> None:
    """Change the labels of many messages in one history record; unknown ids are passed over."""
    change = changes.read_change(call, frozenset({"ids"}))
    changes.relabel(call, _batch(call, call.body), change)


def batch_delete(call: Call) -> None:
    """Delete many messages for good; unknown ids are passed over."""
    changes.delete(call, _batch(call, call.body))
