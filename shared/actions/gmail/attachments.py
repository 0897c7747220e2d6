"""`get-attachment`: the bytes of a part, for callers that can only take JSON."""

# ruff: noqa: N815  Gmail's spelling

from base64 import urlsafe_b64encode

from pydantic import BaseModel, ConfigDict, Field

from shared.actions.gmail.gmail_fields import Id
from shared.actions.registry import Action, ActionContext, ActionInput
from shared.domain.connect.scopes import READONLY
from shared.domain.ids import MessageId
from shared.errors import TooLargeError

LARGEST = 20 << 20
"""Bytes whose base64 still fits an answer (FACTS 8.1)."""


class GetAttachmentInput(ActionInput):
    """A part of a message, as its record's `attachments` name it."""

    messageId: Id
    partId: str = Field(
        pattern=r"^([0-9]{0,4}(\.[0-9]{1,4}){0,31}|root)$",
        description="Which part: `2`, or `1.3`; `root` where the message is one file.",
    )


class AttachmentOutput(BaseModel):
    """The part; `data` is base64url."""

    model_config = ConfigDict(frozen=True)

    filename: str
    mimeType: str
    size: int
    data: str


async def get_attachment(context: ActionContext, asked: GetAttachmentInput) -> AttachmentOutput:
    """Return the part's bytes: 20 to 40 quota units.

    Raises GmailNotFoundError, TooLargeError. `GET /attachments/{message_id}/{part_id}` streams
    the same bytes as they are, of any size.
    """
    part = await context.gmail.part(MessageId(asked.messageId), asked.partId)
    if part.size > LARGEST:
        raise TooLargeError(
            f"This attachment has {part.size:,} bytes: GET /attachments/{{message_id}}/{{part_id}}."
        )
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


ACTION = Action(
    name="get-attachment",
    summary="Read one attachment, base64url; large ones are better downloaded.",
    input=GetAttachmentInput,
    output=AttachmentOutput,
    run=get_attachment,
    scopes=(READONLY,),
)
