"""users.threads."""

from infra.local.google.gmail import changes
from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.changes import thread_of
from infra.local.google.gmail.paging import list_page, page_position
from infra.local.google.gmail.params import max_results
from infra.local.google.gmail.payload import (
    changed_resource,
    message_json,
    read_format,
    short_resource,
)
from infra.local.google.gmail.selection import read_selection
from infra.local.google.mail.ids import hexadecimal
from infra.local.google.mail.listing import list_threads
from infra.local.google.mail.message import Message

THREAD_FORMATS = ("full", "metadata", "minimal")


def list_(call: Call) -> Answer:
    """List {id, snippet, historyId}, the thread with the newest match first."""
    limit, offset = max_results(call), page_position(call, "threads")
    selection = read_selection(call)
    if selection is None:
        return {"resultSizeEstimate": 0}
    found = list_threads(call.store, call.email, selection, limit + 1, offset)
    answer = list_page(call, "threads", found, offset, limit)
    if found:
        answer["threads"] = [_summary(call, thread) for thread in found[:limit]]
    return answer


def _summary(call: Call, thread: int) -> dict[str, str]:
    messages = call.store.thread(call.email, thread)
    return {
        "id": hexadecimal(thread),
        "snippet": call.store.render(messages[-1].row).snippet,
        "historyId": str(max(message.history_id for message in messages)),
    }


def get(call: Call) -> Answer:
    """Return a whole thread, oldest message first, without a snippet of its own (FACTS 14.3)."""
    wanted = read_format(call, THREAD_FORMATS)
    messages = thread_of(call)
    names = call.query.getlist("metadataHeaders")
    head = b'{"id":"%016x","historyId":"%d","messages":[' % (
        messages[0].thread,
        max(message.history_id for message in messages),
    )
    bodies = (message_json(call.store, message, wanted, names) for message in messages)
    return head + b",".join(bodies) + b"]}"


def _changed_thread(call: Call, messages: list[Message]) -> Answer:
    """Return the answer to modify and untrash (FACTS 18.13)."""
    return {
        "id": hexadecimal(messages[0].thread),
        "historyId": str(max(message.history_id for message in messages)),
        "messages": [changed_resource(call.store, message) for message in messages],
    }


def modify(call: Call) -> Answer:
    """Change the labels of every message in a thread, in one history record."""
    messages = thread_of(call)
    return _changed_thread(call, changes.relabel(call, messages, changes.read_change(call)))


def trash(call: Call) -> Answer:
    """Move a thread to trash; the answer is a short one (recorded)."""
    messages = changes.trash(call, thread_of(call))
    return {
        "id": hexadecimal(messages[0].thread),
        "messages": [short_resource(message) for message in messages],
    }


def untrash(call: Call) -> Answer:
    """Take a thread out of trash."""
    return _changed_thread(call, changes.untrash(call, thread_of(call)))


def delete(call: Call) -> None:
    """Delete a thread for good."""
    changes.delete(call, thread_of(call))
