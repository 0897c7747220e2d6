"""users.drafts: a save replaces the message (FACTS 3.8), sending consumes the draft (FACTS 5.7)."""

from typing import Any, Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import invalid, not_found
from infra.local.google.gmail.paging import list_page, page_position
from infra.local.google.gmail.params import max_results, read_body, string
from infra.local.google.gmail.payload import message_json, read_format, short_resource
from infra.local.google.gmail.selection import read_selection
from infra.local.google.gmail.uploads import Handed, read_message, resource_of, thread_for
from infra.local.google.mail import drafts
from infra.local.google.mail.drafts import NotADraftError
from infra.local.google.mail.ids import hexadecimal
from infra.local.google.mail.listing import list_messages
from infra.local.google.mail.message import Message
from infra.local.google.mail.sending import UnsendableError

DRAFT_FIELDS: Final = frozenset({"id", "message"})


def _resource(draft_id: str, message: Message) -> dict[str, Any]:
    return {"id": draft_id, "message": short_resource(message)}


def list_(call: Call) -> Answer:
    """List {id, message {id, threadId}}, newest first."""
    limit, offset = max_results(call), page_position(call, "drafts")
    selection = read_selection(call, ("DRAFT",))
    if selection is None:
        return {"resultSizeEstimate": 0}
    ids = drafts.draft_ids(call.store, call.email)
    found = list_messages(call.store, call.email, selection, limit + 1, offset)
    entries = [
        {
            "id": ids[id],
            "message": {"id": hexadecimal(id), "threadId": hexadecimal(thread)},
        }
        for id, thread in found
        if id in ids
    ]
    return list_page(call, "drafts", entries, offset, limit)


def get(call: Call) -> Answer:
    """Return a draft with its message in the wanted format; 404 once it was sent."""
    wanted = read_format(call)
    draft = drafts.find_draft(call.store, call.email, call.path["id"])
    if draft is None or draft.message is None or draft.state == "sent":
        raise not_found()
    message = message_json(call.store, draft.message, wanted)
    return b'{"id":"%s","message":%s}' % (draft.id.encode(), message)


def _read_handed(call: Call) -> Handed:
    body = read_body(resource_of(call), DRAFT_FIELDS)
    return read_message(
        call, body.get("message"), missing="Missing draft message", field="message.raw"
    )


def create(call: Call) -> Answer:
    """Store a draft."""
    handed = _read_handed(call)
    thread = thread_for(call.store, call.email, handed)
    return _resource(*drafts.create_draft(call.store, call.email, handed.raw, thread))


def _update(call: Call, draft_id: str, handed: Handed) -> Message:
    thread = thread_for(call.store, call.email, handed)
    try:
        return drafts.update_draft(call.store, call.email, draft_id, handed.raw, thread)
    except LookupError:
        raise not_found() from None
    except NotADraftError:
        raise invalid("Message not a draft") from None


def update(call: Call) -> Answer:
    """Replace a draft's message; the draft keeps its id. 400 once it was sent (FACTS 5.8).

    Without threadId the draft leaves its thread (recorded).
    """
    draft_id = call.path["id"]
    return _resource(draft_id, _update(call, draft_id, _read_handed(call)))


def send(call: Call) -> Answer:
    """Send a draft, with another message if one is given; 404 once it was sent.

    Without an id, what is given is sent as it is.
    """
    body = read_body(resource_of(call), DRAFT_FIELDS)
    with call.store.writing():
        draft_id = string(body, "id")
        if body.get("message") or call.media:
            draft_id = _save(call, draft_id)
        return short_resource(_send(call, draft_id))


def _save(call: Call, draft_id: str) -> str:
    handed = _read_handed(call)
    if draft_id:
        _update(call, draft_id, handed)
        return draft_id
    thread = thread_for(call.store, call.email, handed)
    return drafts.create_draft(call.store, call.email, handed.raw, thread)[0]


def _send(call: Call, draft_id: str) -> Message:
    if not draft_id:
        raise invalid("Missing draft id")
    draft = drafts.find_draft(call.store, call.email, draft_id)
    if draft is None or draft.state == "sent":
        raise not_found()
    try:
        return drafts.send_draft(call.store, call.email, draft_id)
    except LookupError:
        raise not_found() from None
    except NotADraftError:
        raise invalid("Message not a draft") from None
    except UnsendableError as error:
        raise invalid(str(error)) from None


def delete(call: Call) -> None:
    """Delete a draft for good, not to trash; an orphan takes its SENT message along."""
    try:
        drafts.delete_draft(call.store, call.email, call.path["id"])
    except LookupError:
        raise not_found() from None
