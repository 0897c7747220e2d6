"""Reads a draft once and sends what was read, by a ledger entry of its own.

`drafts.send` would send whatever the draft is at that moment. So where a draft was judged or shown,
those bytes are sent as a message, and the draft is removed only where it is still the one that was
read. A version of a draft has one ledger entry, so it leaves at most once.
"""

from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any, Final, Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import GmailRef
from shared.actions.gmail.send_email import conclude
from shared.actions.registry import ActionContext
from shared.domain.base64url import decode_base64url
from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail.reading.email_parts import as_text
from shared.domain.mail.writing.raw_message import check_raw
from shared.domain.send.draft_copy import DraftCopy
from shared.domain.send.entry import SendState, send_id
from shared.errors import (
    GmailNotFoundError,
    IdempotencyInProgressError,
    MissingScopeError,
    PostroomError,
    SendFailedError,
)
from shared.ports.sends import Sends
from shared.usecases.off_loop import off_loop
from shared.usecases.send.send_draft import GONE
from shared.usecases.send.send_email import SendEmail

SKEW: Final = timedelta(minutes=2)
"""Between Google's clock and ours."""
Left = Literal["removed", "gone", "kept_changed", "kept"]


class SentDraft(GmailRef):
    """The sent message, and what became of its draft."""

    draft: Left = Field(
        "removed",
        description="removed; gone where it was deleted before; kept_changed where it was changed "
        "after it was read, and stays as it is; kept where Gmail did not remove it.",
    )


async def read_copy(context: ActionContext, id: str) -> DraftCopy:
    """Return the draft as Gmail has it: 20 quota units.

    Raises GmailNotFoundError where it is gone, InvalidRequestError and its kinds where it cannot
    be sent.
    """
    found = await _draft(context, id, "raw")
    if found is None:
        raise GmailNotFoundError(GONE)
    raw = as_text(found["message"].get("raw"))
    copy = DraftCopy(
        id=id,
        message_id=MessageId(found["message"]["id"]),
        thread_id=ThreadId(found["message"]["threadId"]),
        read_at=context.clock.now(),
        raw=decode_base64url(raw),
    )
    await off_loop(len(copy.raw), check_raw, copy.raw)
    return copy


async def send_copy(context: ActionContext, copy: DraftCopy) -> SentDraft:
    """Send the bytes, at most once; then remove the draft if it still is what was read.

    Raises IdempotencyInProgressError while it goes on in the background, SendFailedError, and
    what `SendEmail` raises.
    """
    key = await _key(context, copy)
    if key is None:
        raise SendFailedError(
            "This draft was sent from the mailbox after it was read: nothing more was sent.",
            code="draft_sent",
        )
    send = context.use(SendEmail)
    sending = await send(context.connection.id, copy.request(), key, trace_id=context.trace_id)
    entry = conclude(sending.entry)
    if entry.state is SendState.UNKNOWN:
        raise SendFailedError(f"{entry.error_message}", code="unknown")
    if entry.state is not SendState.SUBMITTED:
        raise IdempotencyInProgressError("The draft is being sent: ask again.")
    return SentDraft(
        id=entry.message_id or "",
        threadId=entry.thread_id,
        labelIds=["SENT"],
        draft=await _remove(context, copy),
    )


async def _key(context: ActionContext, copy: DraftCopy) -> str | None:
    """Return the ledger's key: a new one after a failure, which is certain to have sent nothing.

    None where no attempt is there, and the mailbox's owner has sent the draft meanwhile.
    """
    for number in count(1):
        key = f"{copy.name}:{number}"
        found = await context.use(Sends).get(send_id(context.connection.id, key))
        if found is None:
            return None if await _is_sent_by_hand(context, copy) else key
        if found.value.state is not SendState.FAILED:
            return key
    return None


async def _is_sent_by_hand(context: ActionContext, copy: DraftCopy) -> bool:
    """Whether the draft is gone and its thread has a message sent since."""
    if await _draft(context, copy.id, "minimal") is not None:
        return False
    try:
        thread = await context.gmail.thread_headers(copy.thread_id, ("Subject",))
    except (GmailNotFoundError, MissingScopeError):
        return False
    since = (copy.read_at - SKEW).timestamp() * 1000
    return any(
        "SENT" in one.get("labelIds", ()) and int(one.get("internalDate", 0)) >= since
        for one in thread
    )


async def _remove(context: ActionContext, copy: DraftCopy) -> Left:
    """Delete the draft that was sent; one that was changed meanwhile stays."""
    try:
        found = await _draft(context, copy.id, "minimal")
        if found is None:
            return "gone"
        if found["message"]["id"] != copy.message_id:
            return "kept_changed"
        await context.gmail.call("DELETE", f"/drafts/{copy.id}")
    except PostroomError:
        return "kept"  # the mail is out: nothing here may say otherwise
    return "removed"


async def _draft(context: ActionContext, id: str, shape: str) -> Mapping[str, Any] | None:
    """Return a draft that still is one, else None: Gmail may name a sent message (FACTS 5.8)."""
    try:
        found: Mapping[str, Any] = await context.gmail.call(
            "GET", f"/drafts/{id}", query={"format": shape}
        )
    except GmailNotFoundError:
        return None
    return found if "DRAFT" in found["message"].get("labelIds", ()) else None
