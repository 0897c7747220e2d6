"""`get-attachment`: the bytes of a part, for callers that can only take JSON."""

# ruff: noqa: N815  Gmail's spelling

import re
from base64 import urlsafe_b64encode
from typing import Final

from pydantic import Field, model_validator

from shared.actions.gmail.gmail_fields import Id, spellings
from shared.actions.registry import Action, ActionContext, ActionInput, ActionOutput, GmailShaped
from shared.domain.connect.scopes import READONLY
from shared.domain.ids import MessageId
from shared.errors import TooLargeError

LARGEST = 20 << 20
"""Bytes whose base64 still fits an answer (FACTS 8.1)."""
PART_ID: Final = r"^([0-9]{0,4}(\.[0-9]{1,4}){0,31}|root)$"
WHICH: Final = "Which part: `2`, or `1.3`; `root` where the message is one file."


class GetAttachmentInput(ActionInput):
    """A part of a message, as its record's `attachments` name it."""

    messageId: Id = Field(validation_alias=spellings("messageId", "message_id"))
    partId: str | None = Field(
        None,
        validation_alias=spellings("partId", "part_id"),
        pattern=PART_ID,
        description=WHICH,
    )
    attachmentId: str | None = Field(
        None,
        validation_alias=spellings("attachmentId", "attachment_id"),
        pattern=r"^[0-9A-Za-z_.-]{1,2000}$",
        description="Gmail's own id of it in place of partId: another one at every fetch. "
        "A part id is taken here too.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "GetAttachmentInput":
        if (self.partId is None) == (self.attachmentId is None):
            raise ValueError("give partId or attachmentId")
        return self

    @property
    def part(self) -> str | None:
        """The part id, in whichever field it came."""
        given = self.partId or self.attachmentId or ""
        return given if re.fullmatch(PART_ID, given) else None


class AttachmentOutput(ActionOutput):
    """The part; `data` is base64url."""

    filename: str | None = Field(description="null where attachmentId named it.")
    mimeType: str | None = Field(description="null where attachmentId named it.")
    size: int
    data: str


async def get_attachment(context: ActionContext, asked: GetAttachmentInput) -> AttachmentOutput:
    """Return the part's bytes: 20 to 40 quota units.

    Raises GmailNotFoundError, TooLargeError. `GET /attachments/{message_id}/{part_id}` streams
    the same bytes as they are, of any size.
    """
    if asked.part is None:
        return await _by_attachment_id(context, asked)
    part = await context.gmail.part(MessageId(asked.messageId), asked.part)
    _require_small(part.size)
    stream = await context.gmail.content(part)
    try:
        data = b"".join([piece async for piece in stream])
    finally:
        await stream.aclose()
    return AttachmentOutput(
        filename=part.filename,
        mimeType=part.mime_type,
        size=len(data),
        data=urlsafe_b64encode(data).decode(),
    )


async def _by_attachment_id(context: ActionContext, asked: GetAttachmentInput) -> AttachmentOutput:
    path = f"/messages/{asked.messageId}/attachments/{asked.attachmentId}"
    found = _AttachmentBody.model_validate(await context.gmail.call("GET", path))
    _require_small(found.size)
    return AttachmentOutput(filename=None, mimeType=None, size=found.size, data=found.data)


class _AttachmentBody(GmailShaped):
    """users.messages.attachments."""

    size: int
    data: str


def _require_small(size: int) -> None:
    """Raise TooLargeError for what is better streamed."""
    if size > LARGEST:
        raise TooLargeError(
            f"This attachment has {size:,} bytes: GET /attachments/{{message_id}}/{{part_id}}."
        )


ACTION = Action(
    name="get-attachment",
    summary="Read one attachment, base64url; large ones are better downloaded.",
    input=GetAttachmentInput,
    output=AttachmentOutput,
    run=get_attachment,
    scopes=(READONLY,),
)
