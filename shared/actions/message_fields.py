"""The fields of a message, as every action that makes one takes them (API 6)."""

from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.actions.registry import ActionInput
from shared.domain.ids import MessageId, ThreadId
from shared.domain.outgoing import Attachment, Mailbox, parse_mailboxes
from shared.domain.send import DeliveryMode
from shared.errors import GmailNotFoundError, InvalidRequestError, Problem
from shared.ports.gmail import Gmail
from shared.usecases.send.request import SendRequest

Recipients = Annotated[
    str | list[str] | None,
    Field(description="An address, a comma list of them, or a list; names as `Name <a@b.com>`."),
]
ID_PATTERN = r"^[0-9A-Za-z]{1,64}$"
MIME_TYPE = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$"


class AttachmentField(ActionInput):
    """A file: its bytes in base64, or a part of a message of the same mailbox."""

    filename: str = Field(min_length=1, max_length=255)
    mime_type: str = Field("application/octet-stream", pattern=MIME_TYPE)
    content_base64: str | None = None
    message_id: str | None = Field(None, pattern=ID_PATTERN)
    part_id: str | None = Field(None, max_length=64)
    content_id: str | None = Field(
        None, max_length=255, description="Makes it an inline image: <img src='cid:...'>."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "AttachmentField":
        by_part = self.message_id is not None and self.part_id is not None
        if (self.content_base64 is None) != by_part:
            raise ValueError("give either content_base64, or message_id and part_id")
        return self


class MessageFields(ActionInput):
    """A message from structured fields; the MIME is built here."""

    to: Recipients = None
    cc: Recipients = None
    bcc: Recipients = None
    reply_to: Recipients = None
    from_: str | None = Field(
        None, alias="from", description="The account or one of its verified send-as aliases."
    )
    subject: str | None = Field(None, max_length=2_000)
    body: str | None = Field(None, description="Plain text; the same as `text`.")
    text: str | None = None
    html: str | None = Field(None, description="With text as well, readers choose.")
    headers: dict[str, str] = Field(default_factory=dict, max_length=50)
    attachments: list[AttachmentField] = Field(default_factory=list, max_length=100)
    reply_to_message_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Answer this message, in its thread."
    )
    reply_all: bool = False
    thread_id: str | None = Field(None, pattern=ID_PATTERN)
    delivery: Literal["exactly_once", "direct"] | None = Field(
        None, description="exactly_once goes by a draft and can be resolved; direct is one try."
    )

    @model_validator(mode="after")
    def _one_text(self) -> "MessageFields":
        if self.body is not None and self.text is not None:
            raise ValueError("give body or text, not both: they are the same")
        return self


async def as_request(fields: MessageFields, gmail: Gmail) -> SendRequest:
    """Answer the request with every address read and every attachment at hand.

    Raises InvalidRecipientError, InvalidRequestError, and what reading Gmail raises.
    """
    return SendRequest(
        to=parse_mailboxes(fields.to, "to"),
        cc=parse_mailboxes(fields.cc, "cc"),
        bcc=parse_mailboxes(fields.bcc, "bcc"),
        reply_to=parse_mailboxes(fields.reply_to, "reply_to"),
        sender=_sender(fields.from_),
        subject=fields.subject,
        text=fields.text if fields.text is not None else fields.body,
        html=fields.html,
        headers=dict(fields.headers),
        attachments=await _attachments(fields.attachments, gmail),
        reply_to_message_id=_id(fields.reply_to_message_id),
        reply_all=fields.reply_all,
        thread_id=ThreadId(fields.thread_id) if fields.thread_id else None,
        delivery=DeliveryMode(fields.delivery) if fields.delivery else None,
    )


def _id(text: str | None) -> MessageId | None:
    return MessageId(text) if text is not None else None


def _sender(text: str | None) -> Mailbox | None:
    found = parse_mailboxes(text, "from")
    if len(found) > 1:
        raise InvalidRequestError("from takes one address.", code="unknown_alias")
    return found[0] if found else None


async def _attachments(fields: Sequence[AttachmentField], gmail: Gmail) -> tuple[Attachment, ...]:
    found = []
    for place, field in enumerate(fields):
        content = await _content(field, place, gmail)
        found.append(Attachment(field.filename, field.mime_type, content, field.content_id))
    return tuple(found)


async def _content(field: AttachmentField, place: int, gmail: Gmail) -> bytes:
    path = ("attachments", place)
    if field.content_base64 is not None:
        try:
            return b64decode(field.content_base64.translate(URL_SAFE), validate=True)
        except (BadBase64, ValueError):
            raise _bad(path, "content_base64 is not base64.", "invalid_attachment") from None
    try:
        return await gmail.attachment(MessageId(field.message_id or ""), field.part_id or "")
    except GmailNotFoundError:
        raise _bad(path, "There is no such part.", "unknown_attachment") from None


URL_SAFE = str.maketrans("-_", "+/", "\r\n")


def _bad(path: tuple[str | int, ...], message: str, code: str) -> InvalidRequestError:
    problem = Problem(code, message, path)
    return InvalidRequestError(f"attachments.{path[1]}: {message}", code=code, problems=[problem])
