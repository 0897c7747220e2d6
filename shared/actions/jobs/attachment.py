"""`read-attachment`: what a file says, an image itself, or an address for what is neither."""

# ruff: noqa: N815  Gmail's spelling

from base64 import b64encode
from typing import Any, Final, Literal

from pydantic import Field

from shared.actions.gmail.attachments import PART_ID, WHICH
from shared.actions.gmail.gmail_fields import Id, spellings
from shared.actions.jobs.pdf_text import pdf_text
from shared.actions.registry import Action, ActionContext, ActionInput, ActionOutput
from shared.domain.connect.scopes import READONLY
from shared.domain.ids import MessageId
from shared.domain.mail.files.file_text import file_text, image_type, is_pdf
from shared.domain.mail.files.zipped import UnreadableFileError
from shared.ports.google.gmail import MessagePart
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.off_loop import off_loop
from shared.usecases.sync.attachment_links import LONGEST, AttachmentLink, AttachmentLinks

LARGEST: Final = 10 << 20
"""Bytes of a file that is read here at all."""
LARGEST_IMAGE: Final = 1 << 20
MOST_CHARS: Final = 200_000


class ReadAttachmentInput(ActionInput):
    """A file of a message, and which part of its text."""

    messageId: Id = Field(validation_alias=spellings("messageId", "message_id"))
    partId: str = Field(
        validation_alias=spellings("partId", "part_id"), pattern=PART_ID, description=WHICH
    )
    start: int = Field(0, ge=0, description="The first character wanted of a long text.")
    length: int = Field(20_000, ge=1, le=MOST_CHARS, description="Most characters.")


class ReadAttachmentOutput(ActionOutput):
    """`text` from `start` of `characters` in all; `image` in base64; else `url`, for 15 minutes."""

    filename: str
    mimeType: str
    size: int
    kind: Literal["text", "image", "link"]
    text: str | None = None
    start: int | None = None
    next_start: int | None = None
    characters: int | None = None
    image: str | None = None
    url: str | None = None
    reason: str | None = Field(None, description="Why there is an address and no text.")


async def read_attachment(
    context: ActionContext, asked: ReadAttachmentInput
) -> ReadAttachmentOutput:
    """Return the file as far as it can be read: 20 to 40 quota units.

    Raises GmailNotFoundError, and what Gmail raises.
    """
    part = await context.gmail.part(MessageId(asked.messageId), asked.partId)
    if part.size > LARGEST:
        return await _link(context, part, f"It is larger than {LARGEST:,} bytes.")
    data = await _content(context, part)
    kind = image_type(data)
    if kind and len(data) <= LARGEST_IMAGE:
        return _output(part, "image", mimeType=kind, image=b64encode(data).decode())
    try:
        text = await _text(data, part)
    except UnreadableFileError as error:
        return await _link(context, part, str(error))
    if text is None:
        return await _link(context, part, "A file of this kind is not read as text.")
    piece = text[asked.start : asked.start + asked.length]
    end = asked.start + len(piece)
    following = {"next_start": end} if end < len(text) else {}
    place = {"start": asked.start, "characters": len(text), **following}
    return _output(part, "text", text=piece, **place)


async def _content(context: ActionContext, part: MessagePart) -> bytes:
    stream = await context.gmail.content(part)
    try:
        return b"".join([piece async for piece in stream])
    finally:
        await stream.aclose()


async def _text(data: bytes, part: MessagePart) -> str | None:
    if is_pdf(data):
        if text := await pdf_text(data):
            return text
        raise UnreadableFileError("This PDF holds no text: its pages are pictures.")
    kinds = (part.mime_type, part.filename, part.charset)
    return await off_loop(len(data), file_text, data, *kinds)


async def _link(context: ActionContext, part: MessagePart, reason: str) -> ReadAttachmentOutput:
    expires_at = context.clock.now() + LONGEST
    link = AttachmentLink(context.connection.id, part.message_id, part.part_id, expires_at)
    token = await context.use(AttachmentLinks).make(link)
    url = f"{context.use(ConnectSettings).public_url}/signed/attachments/{token}"
    return _output(part, "link", url=url, reason=reason)


def _output(part: MessagePart, kind: str, **found: Any) -> ReadAttachmentOutput:
    shown = {"filename": part.filename, "mimeType": part.mime_type, "size": part.size}
    return ReadAttachmentOutput.model_validate({**shown, "kind": kind, **found})


ACTION = Action(
    name="read-attachment",
    summary="Read a file of a message: text, PDF, Office files, mail and calendar as text, images.",
    input=ReadAttachmentInput,
    output=ReadAttachmentOutput,
    run=read_attachment,
    scopes=(READONLY,),
)
