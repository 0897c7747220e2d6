"""Drafts: an id that stays while its message is replaced, and is consumed by sending."""

from dataclasses import dataclass
from typing import Literal

from infra.local.google.mail.ids import new_draft_id
from infra.local.google.mail.message import Message
from infra.local.google.mail.sending import send, taken_in
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import NEW_THREAD, Writer

State = Literal["draft", "sent", "orphan"]


class NotADraftError(Exception):
    """The id names something that was sent meanwhile (FACTS 5.8)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft's id, its present message and what became of it.

    `sent`: consumed by drafts.send. `orphan`: sent elsewhere, but the id still points at it.
    """

    id: str
    message: Message | None
    state: State


def find_draft(store: MailStore, email: str, draft_id: str) -> Draft | None:
    """Return what that id names, consumed drafts included, or None."""
    row = store.database.row(
        "SELECT message, state FROM drafts WHERE mailbox = ? AND id = ?",
        store.number(email),
        draft_id,
    )
    return Draft(draft_id, store.message(email, row[0]), row[1]) if row else None


def draft_ids(store: MailStore, email: str) -> dict[int, str]:
    """Return the draft id of each message that is a draft."""
    rows = store.database.rows(
        "SELECT message, id FROM drafts WHERE mailbox = ? AND state = 'draft'", store.number(email)
    )
    return dict(rows)


def create_draft(
    store: MailStore, email: str, raw: bytes, thread: int = NEW_THREAD
) -> tuple[str, Message]:
    """Store a new draft; return its id and message."""
    with store.writing() as writer:
        draft_id = new_draft_id()
        message = _add(store, writer, email, raw, thread, draft_id)
    return draft_id, message


def _add(
    store: MailStore, writer: Writer, email: str, raw: bytes, thread: int, draft_id: str
) -> Message:
    stored = taken_in(store, email, raw, writer.now)
    return writer.add(store.mailbox(email), stored, ["DRAFT"], thread=thread, draft_id=draft_id)


def _current(store: MailStore, email: str, draft_id: str) -> Message:
    draft = find_draft(store, email, draft_id)
    if draft is None or draft.message is None:
        raise LookupError(draft_id)
    if draft.state != "draft":
        raise NotADraftError
    return draft.message


def update_draft(
    store: MailStore, email: str, draft_id: str, raw: bytes, thread: int | None
) -> Message:
    """Replace a draft's message by a new one in `thread`; None keeps the former one's.

    That is what Gmail's own page does. drafts.update does not ask it: so recorded.
    Raise `LookupError` if there is no such draft, `NotADraftError` if it was sent.
    """
    with store.writing() as writer:
        old = _current(store, email, draft_id)
        into = old.thread if thread is None else thread
        new = _add(store, writer, email, raw, into, draft_id)
        writer.delete(store.mailbox(email), [old])
    return new


def send_draft(store: MailStore, email: str, draft_id: str, *, orphan: bool = False) -> Message:
    """Send a draft in one transaction: its message goes, a SENT one comes in the same thread.

    With `orphan` the id goes on pointing at the sent message, as after a send in Gmail's own page
    (FACTS 5.8). Raise `LookupError`, `NotADraftError` or `UnsendableError`; then nothing happened.
    """
    with store.writing() as writer:
        old = _current(store, email, draft_id)
        mailbox = store.mailbox(email)
        raw = store.raw(old.row)
        _point(store, mailbox.number, draft_id, old, "orphan" if orphan else "sent")
        writer.delete(mailbox, [old])
        sent = send(store, writer, mailbox, raw, old.thread, drafted=True)
        _point(store, mailbox.number, draft_id, sent, "orphan" if orphan else "sent")
    return sent


def delete_draft(store: MailStore, email: str, draft_id: str) -> None:
    """Delete a draft for good; an orphan's SENT message too. Raise `LookupError`."""
    with store.writing() as writer:
        draft = find_draft(store, email, draft_id)
        if draft is None or draft.message is None or draft.state == "sent":
            raise LookupError(draft_id)
        writer.delete(store.mailbox(email), [draft.message])
        store.database.rows(
            "DELETE FROM drafts WHERE mailbox = ? AND id = ?", store.number(email), draft_id
        )


def _point(store: MailStore, mailbox: int, draft_id: str, message: Message, state: State) -> None:
    store.database.rows(
        "UPDATE drafts SET message = ?, state = ? WHERE mailbox = ? AND id = ?",
        message.id,
        state,
        mailbox,
        draft_id,
    )
