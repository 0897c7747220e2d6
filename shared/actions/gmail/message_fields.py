"""The fields of a message, as every action that makes one takes them (API 6.3)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from shared.actions.gmail.header_fields import fields_from_headers
from shared.actions.registry import ActionInput, ActionOutput
from shared.domain.base64url import decode_given_base64
from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail.writing.outgoing import LeftOut, check_recipients
from shared.domain.mail.writing.recipients import (
    MAX_RECIPIENTS,
    Mailbox,
    checked_address,
    checked_name,
    parse_mailboxes,
    strict_addresses,
)
from shared.domain.send.entry import DeliveryMode
from shared.domain.send.request import AskedAttachment, SendRequest
from shared.domain.validation import MAX_CONTENT, Instant
from shared.errors import InvalidRecipientError, InvalidRequestError, Problem

MAX_RECIPIENT = 1_000
"""Characters of one entry of a list of recipients."""
MAX_HEADERS = 64


def _check_count(given: object) -> object:
    """Return what was given. Raises InvalidRecipientError for a list that is too long."""
    if isinstance(given, list):
        check_recipients(len(given), draft=True)
    return given


class PersonField(ActionInput):
    """A person as records name them."""

    name: str = Field("", max_length=MAX_RECIPIENT)
    email: str = Field(max_length=MAX_RECIPIENT)


Recipients = Annotated[
    str
    | PersonField
    | Annotated[
        list[Annotated[str, Field(max_length=MAX_RECIPIENT)] | PersonField],
        Field(max_length=MAX_RECIPIENTS),
    ]
    | None,
    BeforeValidator(_check_count),
    Field(
        description="An address, a comma list of them, a record's `{name, email}`, or a list of "
        "these; names as `Name <a@b.com>`."
    ),
]
HeaderName = Annotated[str, Field(max_length=100)]
DELIVERY = "exactly_once goes by a draft and can be resolved; direct is one try."
NO_BASE64 = "raw is not base64, standard or URL-safe."
MAX_GIVEN_SIGNATURE = 50_000
ID_PATTERN = r"^[0-9A-Za-z]{1,64}$"


def _spelled_boolean(given: object) -> object:
    """Return the boolean that a form or a model spells as a word."""
    return {"true": True, "false": False}.get(given, given) if isinstance(given, str) else given


Signed = Annotated[
    bool | Annotated[str, Field(max_length=MAX_GIVEN_SIGNATURE)] | None,
    BeforeValidator(_spelled_boolean),
]


class LeftOutField(ActionOutput):
    """A recipient of the message answered that mail cannot be sent to."""

    field: str = Field(description="The header of the message answered: to or cc.")
    reason: str = Field(description="The address, and why mail cannot be sent to it.")


class AttachmentField(ActionInput):
    """A file: its bytes in base64, or a part of a message of the same mailbox."""

    filename: str = Field(min_length=1, max_length=255)
    mime_type: str = Field("application/octet-stream", max_length=300)
    content_base64: str | None = Field(None, max_length=MAX_CONTENT)
    message_id: str | None = Field(None, pattern=ID_PATTERN)
    part_id: str | None = Field(None, max_length=64)
    content_id: str | None = Field(
        None, max_length=255, description="Makes it an inline image: <img src='cid:...'>."
    )

    @model_validator(mode="after")
    def _one_source(self) -> "AttachmentField":
        by_part = self.message_id is not None and self.part_id is not None
        partly = (self.message_id is None) != (self.part_id is None)
        if partly or (self.content_base64 is not None) == by_part:
            raise ValueError("give either content_base64, or message_id and part_id")
        return self


class MessageFields(ActionInput):
    """A message from structured fields; the MIME is built here."""

    to: Recipients = None
    cc: Recipients = None
    bcc: Recipients = None
    reply_to: Recipients = None
    from_: str | None = Field(
        None,
        alias="from",
        max_length=MAX_RECIPIENT,
        description="The account or one of its verified send-as aliases.",
    )
    subject: str | None = Field(
        None, max_length=2_000, description="Of an answer it may be left out."
    )
    body: str | None = Field(
        None, max_length=MAX_CONTENT, description="Plain text; the same as `text`."
    )
    text: str | None = Field(None, max_length=MAX_CONTENT, description="Plain text.")
    html: str | None = Field(
        None, max_length=MAX_CONTENT, description="With text as well, readers choose."
    )
    headers: dict[HeaderName, str] = Field(
        default_factory=dict,
        max_length=MAX_HEADERS,
        description="Further headers by name, such as List-Unsubscribe or X-Campaign. Cc, Bcc, "
        "Reply-To, In-Reply-To, References and Content-Type are taken as the fields they are.",
    )
    attachments: list[AttachmentField] = Field(
        default_factory=list, max_length=100, description="Files, up to 25 MB with all."
    )
    reply_to_message_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Answer this message, in its thread."
    )
    reply_all: bool = Field(
        default=False, description="Answer everybody the message went to, but oneself."
    )
    forward_message_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Pass this message on, with its files."
    )
    quote: bool | None = Field(
        None,
        description="Repeat the message answered (default false) or passed on (default true).",
    )
    thread_id: str | None = Field(
        None,
        pattern=ID_PATTERN,
        description="Continue this thread; subject and references come from its last message. With "
        "another subject Gmail begins a thread of its own: new_thread in the answer says so.",
    )
    signature: Signed = Field(
        None,
        description="true for the sender's own from Gmail's settings, or its text or HTML.",
    )
    delivery: Literal["exactly_once", "direct"] | None = Field(None, description=DELIVERY)

    @model_validator(mode="after")
    def _one_of_each(self) -> "MessageFields":
        if self.body is not None and self.text is not None:
            raise ValueError("give body or text, not both: they are the same")
        if self.reply_to_message_id is not None and self.forward_message_id is not None:
            raise ValueError("give reply_to_message_id or forward_message_id, not both")
        return self


class SendFields(MessageFields):
    """A message to be sent, now or later."""

    send_at: Instant | None = Field(
        None, description="When to send, at most 30 days ahead; DELETE /sends/{key} calls it off."
    )


def left_out_fields(left_out: Sequence[LeftOut]) -> dict[str, list[LeftOutField]]:
    """Return the field of an answer that names them; none where all can be written to."""
    shown = [
        LeftOutField(field=one.field, reason=f"{one.address}: {one.reason}")
        for one in left_out[:MAX_RECIPIENTS]
    ]
    return {"left_out": shown} if shown else {}


def as_request(fields: MessageFields) -> SendRequest:
    """Return the request with every address and file read; nothing is looked up yet.

    Raises InvalidRecipientError, InvalidRequestError.
    """
    fields = fields.model_copy(update=fields_from_headers(fields.headers, dict(fields)))
    people = _recipients(fields)
    return SendRequest(
        to=people["to"],
        cc=people["cc"],
        bcc=people["bcc"],
        reply_to=people["reply_to"],
        sender=_sender(fields.from_),
        subject=fields.subject,
        text=fields.text if fields.text is not None else fields.body,
        html=fields.html,
        headers=dict(fields.headers),
        attachments=_attachments(fields.attachments),
        reply_to_message_id=_id(fields.reply_to_message_id),
        reply_all=fields.reply_all,
        forward_message_id=_id(fields.forward_message_id),
        quote=fields.quote,
        signature=fields.signature,
        thread_id=ThreadId(fields.thread_id) if fields.thread_id else None,
        delivery=DeliveryMode(fields.delivery) if fields.delivery else None,
        send_at=fields.send_at if isinstance(fields, SendFields) else None,
    )


def _recipients(fields: MessageFields) -> dict[str, tuple[Mailbox, ...]]:
    """Read all four fields, so that one error names every bad address."""
    found: dict[str, tuple[Mailbox, ...]] = {}
    problems: list[Problem] = []
    for name in ("to", "cc", "bcc", "reply_to"):
        try:
            found[name] = _people(getattr(fields, name), name)
        except InvalidRecipientError as error:
            if not error.problems:  # too many of them to be read
                raise
            problems += error.problems
    if problems:
        raise InvalidRecipientError(
            f"{len(problems)} of the addresses cannot be used; see errors.", problems=problems
        )
    return found


def _people(given: Any, path: str) -> tuple[Mailbox, ...]:
    """Read one field, objects and texts in the order given. Raises InvalidRecipientError."""
    single = isinstance(given, PersonField)
    if not single and not any(isinstance(one, PersonField) for one in given or ()):
        return parse_mailboxes(given, path)
    found: list[Mailbox] = []
    problems: list[Problem] = []
    for place, one in enumerate([given] if single else given):
        try:
            if isinstance(one, PersonField):
                found.append(Mailbox(checked_address(one.email), checked_name(one.name)))
            else:
                found += [Mailbox(it["email"], it["name"]) for it in strict_addresses(one)]
        except ValueError as error:
            where = (path,) if single else (path, place)
            problems.append(Problem("invalid_recipient", str(error), where))
    if problems:
        text = f"{path}: {len(problems)} of the addresses cannot be used; see errors."
        raise InvalidRecipientError(text, problems=problems)
    check_recipients(len(found), draft=True)
    return tuple(found)


def _id(text: str | None) -> MessageId | None:
    return MessageId(text) if text is not None else None


def _sender(text: str | None) -> Mailbox | None:
    found = parse_mailboxes(text, "from")
    if len(found) > 1:
        raise InvalidRequestError("from takes one address.", code="unknown_alias")
    return found[0] if found else None


def _attachments(fields: Sequence[AttachmentField]) -> tuple[AskedAttachment, ...]:
    return tuple(
        AskedAttachment(
            filename=field.filename,
            mime_type=field.mime_type,
            content=_content(field, place),
            message_id=_id(field.message_id),
            part_id=field.part_id,
            content_id=field.content_id,
        )
        for place, field in enumerate(fields)
    )


def _content(field: AttachmentField, place: int) -> bytes | None:
    if field.content_base64 is None:
        return None
    try:
        return decode_given_base64(field.content_base64)
    except ValueError:
        problem = Problem(
            "invalid_attachment",
            "This is not base64, standard or URL-safe.",
            ("attachments", place, "content_base64"),
        )
        message = f"attachments.{place}.content_base64: {problem.message}"
        raise InvalidRequestError(message, code=problem.code, problems=[problem]) from None
