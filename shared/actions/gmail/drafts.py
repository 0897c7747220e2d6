"""Drafts: keep, change, read, list, send, delete.

A draft's message is replaced at every save and has a new id each time (FACTS 3.8).
"""

# ruff: noqa: N815  Gmail's spelling

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, model_validator

from shared.actions.gmail.draft_copies import SentDraft, send_copy
from shared.actions.gmail.gmail_fields import (
    FORMAT,
    SEARCH,
    SPAM_AND_TRASH,
    ById,
    Done,
    GmailMessage,
    GmailRef,
    Id,
    Paged,
    spellings,
)
from shared.actions.gmail.message_fields import (
    NO_BASE64,
    LeftOutField,
    MessageFields,
    as_request,
    left_out_fields,
)
from shared.actions.registry import LONGEST, Action, ActionContext, Effect, GmailShaped
from shared.domain.base64url import decode_given_base64
from shared.domain.connect.scopes import COMPOSE, READONLY
from shared.domain.ids import ThreadId
from shared.domain.keys.policy import Does
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.mail.reading.mail_headers import DRAFT_HEADER
from shared.domain.mail.writing.mime import mark_raw
from shared.domain.mail.writing.outgoing import LeftOut
from shared.domain.mail.writing.raw_message import still_answering
from shared.domain.validation import MAX_CONTENT
from shared.errors import GmailNotFoundError, InvalidRequestError
from shared.ports.google.gmail import Draft
from shared.usecases.send.compose import Compose, Composed
from shared.usecases.send.send_draft import GONE, SendDraft
from shared.usecases.sync.work.reading import read

LARGEST_RAW = 36_700_160
"""Bytes that Gmail takes as one message (FACTS 5.1)."""
STRUCTURED = frozenset(MessageFields.model_fields) - {"thread_id", "delivery"}


class DraftFields(MessageFields):
    """The message as fields, or finished as `raw`; a draft may lack recipients and text."""

    raw: str | None = Field(
        None, max_length=MAX_CONTENT, description="A whole message, RFC 2822, base64url."
    )

    @model_validator(mode="before")
    @classmethod
    def _out_of_gmails_own_shape(cls, given: Any) -> object:
        """Take `message: {raw, threadId}`, as Gmail nests it, for its fields."""
        if not isinstance(given, dict) or not isinstance(given.get("message"), dict):
            return given
        beside = {name: value for name, value in given.items() if name != "message"}
        return {**given["message"], **beside}

    @model_validator(mode="after")
    def _one_form(self) -> "DraftFields":
        if self.raw is not None and self.model_fields_set & STRUCTURED:
            raise ValueError("give raw, or the fields of a message, not both")
        return self


DRAFT_ID = spellings("id", "draftId", "draft_id")


class DraftById(ById):
    """A draft by its id."""

    id: Id = Field(validation_alias=DRAFT_ID)


class UpdateDraftInput(DraftFields):
    """The message that replaces the draft's."""

    id: Id = Field(validation_alias=DRAFT_ID)


class GetDraftInput(DraftById):
    """A draft and its message in the shape wanted."""

    format: Literal["full", "metadata", "minimal", "raw"] = Field("full", description=FORMAT)


class ListDraftsInput(Paged):
    """A page of drafts."""

    q: str | None = Field(None, max_length=2_000, description=SEARCH)
    includeSpamTrash: bool = Field(default=False, description=SPAM_AND_TRASH)


class DraftRef(GmailShaped):
    """A draft and the message it has now."""

    id: str
    message: GmailRef


class KeptDraft(DraftRef):
    """A draft as it was just kept; its message's ids and labels stand beside it too."""

    messageId: str
    threadId: str
    labelIds: list[str]

    left_out: list[LeftOutField] = Field(
        default_factory=list,
        description="Recipients of the message answered that mail cannot be sent to.",
    )


class GmailDraft(GmailShaped):
    """users.drafts."""

    id: str
    message: GmailMessage


class DraftList(GmailShaped):
    """A page of drafts, newest first."""

    drafts: list[DraftRef] = Field(default_factory=list)
    nextPageToken: str | None = None
    resultSizeEstimate: int = 0


async def create_draft(context: ActionContext, asked: DraftFields) -> KeptDraft:
    """Keep a new draft: 10 quota units. Raises InvalidRequestError and its kinds.

    Where Gmail's answer is lost the draft may exist: a retry keeps another one.
    """
    composed = await _compose(context, asked)
    draft = await context.gmail.create_draft(composed.raw, composed.thread_id)
    return _kept_draft(draft, composed.left_out)


async def update_draft(context: ActionContext, asked: UpdateDraftInput) -> KeptDraft:
    """Replace the draft's message: 35 quota units. Raises GmailNotFoundError.

    The draft is read first: Gmail takes one out of its conversation unless its thread is named.
    """
    replaced = await _message_of(context, asked.id)
    composed = await _compose(context, asked, replaced)
    try:
        draft = await context.gmail.update_draft(asked.id, composed.raw, composed.thread_id)
    except GmailNotFoundError as error:
        raise GmailNotFoundError(GONE) from error
    return _kept_draft(draft, composed.left_out)


async def get_draft(context: ActionContext, asked: GetDraftInput) -> GmailDraft:
    """Return a draft: 20 quota units. Raises GmailNotFoundError."""
    found = await context.gmail.call("GET", f"/drafts/{asked.id}", query={"format": asked.format})
    return GmailDraft.model_validate(found)


async def list_drafts(context: ActionContext, asked: ListDraftsInput) -> DraftList:
    """Return a page of drafts: 5 quota units."""
    found = await context.gmail.call("GET", "/drafts", query=asked.as_query())
    return DraftList.model_validate(found)


async def send_draft(context: ActionContext, asked: DraftById) -> SentDraft:
    """Send a draft, at most once: 121 quota units.

    Where a policy judged it or a person was shown it, exactly those bytes leave: 200 units.
    Raises GmailNotFoundError where it is gone, GmailUnavailableError where the outcome cannot be
    known: look at the mailbox, or call again: a draft that was sent is not sent twice.
    """
    if context.shown.draft is not None:
        return await send_copy(context, context.shown.draft)
    sent = await SendDraft(context.gmail, context.clock)(asked.id)
    return SentDraft(id=sent.id, threadId=sent.thread_id, labelIds=["SENT"], draft="removed")


async def delete_draft(context: ActionContext, asked: DraftById) -> Done:
    """Delete a draft for good: 30 quota units. Raises GmailNotFoundError, InvalidRequestError.

    Only what still is a draft: Gmail would delete the sent message of another (FACTS 5.8).
    """
    path = f"/drafts/{asked.id}"
    try:
        found = await context.gmail.call("GET", path, query={"format": "minimal"})
    except GmailNotFoundError as error:
        raise GmailNotFoundError(GONE) from error
    if "DRAFT" not in found["message"].get("labelIds", ()):
        raise InvalidRequestError(
            "This draft was sent: deleting it would delete the sent message.", code="not_a_draft"
        )
    await context.gmail.call("DELETE", path)
    return Done(success=True)


async def draft_version(context: ActionContext, asked: DraftById | UpdateDraftInput) -> str:
    """Return which message the draft has now: 20 quota units. Raises GmailNotFoundError."""
    draft = await context.gmail.get_draft(asked.id)
    if draft is None:
        raise GmailNotFoundError(GONE)
    return draft.message_id


async def _message_of(context: ActionContext, id: str) -> EmailMessage:
    """Return the headers of a draft's message. Raises GmailNotFoundError where it is no draft."""
    try:
        found = await context.gmail.call("GET", f"/drafts/{id}", query={"format": "metadata"})
    except GmailNotFoundError as error:
        raise GmailNotFoundError(GONE) from error
    if "DRAFT" not in found["message"].get("labelIds", ()):
        raise GmailNotFoundError(GONE)
    return await read(found["message"])


async def _compose(
    context: ActionContext, asked: DraftFields, replaced: EmailMessage | None = None
) -> Composed:
    composed = await _compose_draft(context, asked, replaced)
    return replace(composed, raw=mark_raw(composed.raw, "api", DRAFT_HEADER))


async def _compose_draft(
    context: ActionContext, asked: DraftFields, replaced: EmailMessage | None
) -> Composed:
    if asked.raw is not None:
        return _finish(asked.raw, asked.thread_id, replaced)
    request = as_request(asked)
    compose = Compose(
        context.gmail, context.connection, context.clock, draft=True, replaced=replaced
    )
    return await compose(request, None)


def _finish(raw: str, thread_id: str | None, replaced: EmailMessage | None) -> Composed:
    """Return the caller's bytes and their thread; a reply's headers where they have none."""
    content = decode_raw(raw)
    if thread_id or replaced is None:
        return Composed(content, ThreadId(thread_id) if thread_id else None)
    return Composed(still_answering(content, replaced), ThreadId(replaced["threadId"]))


def decode_raw(raw: str) -> bytes:
    """Return the bytes of a finished message. Raises InvalidRequestError."""
    try:
        found = decode_given_base64(raw)
    except ValueError:
        raise InvalidRequestError(NO_BASE64, code="invalid_raw") from None
    if not 0 < len(found) <= LARGEST_RAW:
        raise InvalidRequestError(f"raw must have 1 to {LARGEST_RAW:,} bytes.", code="invalid_raw")
    return found


def _kept_draft(draft: Draft, left_out: Sequence[LeftOut]) -> KeptDraft:
    message = GmailRef(id=draft.message_id, threadId=draft.thread_id, labelIds=["DRAFT"])
    return KeptDraft(
        id=draft.id,
        message=message,
        messageId=draft.message_id,
        threadId=draft.thread_id,
        labelIds=message.labelIds,
        **left_out_fields(left_out),
    )


ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="create-draft",
        summary="Keep a new draft.",
        input=DraftFields,
        output=KeptDraft,
        run=create_draft,
        scopes=(COMPOSE,),
        effect=Effect.STORED,
        does=Does.DRAFT,
        timeout=LONGEST,
    ),
    Action(
        name="update-draft",
        summary="Replace what a draft says; a reply stays in its conversation.",
        input=UpdateDraftInput,
        output=KeptDraft,
        run=update_draft,
        scopes=(COMPOSE,),
        effect=Effect.STORED,
        does=Does.DRAFT,
        timeout=LONGEST,
        pin=draft_version,
    ),
    Action(
        name="get-draft",
        summary="Read one draft by its id.",
        input=GetDraftInput,
        output=GmailDraft,
        run=get_draft,
        scopes=(COMPOSE, READONLY),
    ),
    Action(
        name="list-drafts",
        summary="List or search drafts, newest first.",
        input=ListDraftsInput,
        output=DraftList,
        run=list_drafts,
        scopes=(COMPOSE, READONLY),
    ),
    Action(
        name="send-draft",
        summary="Send a draft, at most once.",
        input=DraftById,
        output=SentDraft,
        run=send_draft,
        scopes=(COMPOSE,),
        effect=Effect.STORED,
        does=Does.SEND,
        timeout=LONGEST,
    ),
    Action(
        name="delete-draft",
        summary="Delete a draft for good; what was sent meanwhile is never deleted.",
        input=DraftById,
        output=Done,
        run=delete_draft,
        scopes=(COMPOSE,),
        effect=Effect.STORED,
        does=Does.DELETE,
        pin=draft_version,
    ),
)
