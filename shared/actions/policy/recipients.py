"""What message a call would write, and to whom it would really go: what policies judge.

Recipients that come from elsewhere are looked up: those of a reply from its parent, those of a
draft from its raw bytes, which are what is sent then.
"""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from shared.actions.gmail.draft_copies import read_copy
from shared.actions.gmail.drafts import DraftFields, decode_raw
from shared.actions.gmail.gmail_fields import ById, MayLetMailOut
from shared.actions.gmail.message_fields import MessageFields, as_request
from shared.actions.gmail.send_email import SendEmailInput, SendMessageInput, raw_request
from shared.actions.registry import Action, ActionContext
from shared.domain.keys.policy import Does
from shared.domain.keys.rule import Rule
from shared.domain.mail.reading.address_list import read_address
from shared.domain.mail.writing.envelope import Envelope, envelope_of
from shared.domain.mail.writing.raw_message import read_header_lines
from shared.domain.mail.writing.recipients import Mailbox, parse_mailboxes
from shared.domain.mail.writing.signature import Signature
from shared.domain.send.draft_copy import DraftCopy
from shared.domain.send.request import SendRequest
from shared.errors import PolicyRefusedError
from shared.usecases.off_loop import off_loop
from shared.usecases.send.compose import Compose
from shared.usecases.send.send_as import SendAs

SEND_DRAFT = "send-draft"


@dataclass(frozen=True, slots=True)
class MessageRecipients:
    """The envelope of a message; `draft` is the draft it was read from, if it is one.

    `recipients_derived` is whether they come from another message; `recipients_fixed` whether the
    same call later goes to the same people: not so where they are those of a thread's last message.
    """

    envelope: Envelope
    request: SendRequest
    draft: DraftCopy | None = None
    recipients_derived: bool = False
    recipients_fixed: bool = True
    names_subject: bool = False
    """Whether the subject is another message's, which may be another one's later."""
    sender: str | None = None
    """From whom an answer goes that leaves it to the message answered."""
    signature: Signature | None = None
    """The signature that is asked for, as it is now."""


def effect_of(action: Action[Any, Any], asked: BaseModel) -> Does:
    """Return what this very call does: a dry run only reads, and mail may get out by a setting."""
    if isinstance(asked, SendEmailInput) and asked.dry_run:
        return Does.READ
    if isinstance(asked, MayLetMailOut) and asked.lets_mail_out:
        return Does.UNKNOWN
    return action.doing


def writes_message(action: Action[Any, Any]) -> bool:
    """Whether the action writes a message that would have recipients."""
    return action.doing in {Does.SEND, Does.DRAFT}


def can_inspect(action: Action[Any, Any]) -> bool:
    """Whether `message_recipients` can read what the action writes."""
    known = (MessageFields, SendMessageInput)
    return action.name == SEND_DRAFT or issubclass(action.input, known)


def recipients_derived(request: SendRequest) -> bool:
    """Whether the request leaves it to another message who is written to."""
    if request.raw is not None or request.forward_message_id is not None:
        return False
    if request.reply_to_message_id is not None:
        return not request.to or request.reply_all
    return request.thread_id is not None and not (request.to or request.cc or request.bcc)


async def message_recipients(
    context: ActionContext, action: Action[Any, Any], asked: BaseModel
) -> MessageRecipients:
    """Return the message: 20 to 40 quota units where recipients are looked up, else none.

    Raises InvalidRequestError and its kinds, PolicyRefusedError where an action writes in a way
    that cannot be read here, and what reading Gmail raises.
    """
    if isinstance(asked, SendMessageInput):
        request = raw_request(asked)
        return MessageRecipients(await _envelope(request.raw or b""), request)
    if isinstance(asked, DraftFields) and asked.raw is not None:
        raw = decode_raw(asked.raw)
        return MessageRecipients(await _envelope(raw), SendRequest(raw=raw))
    if isinstance(asked, MessageFields):
        return await _from_request(context, as_request(asked))
    if action.name == SEND_DRAFT and isinstance(asked, ById):
        return await _from_draft(context, asked.id)
    raise PolicyRefusedError(
        "This action does not say to whom it writes, so this key's policy cannot allow it.",
        rule=Rule.UNKNOWN,
    )


async def _from_request(context: ActionContext, request: SendRequest) -> MessageRecipients:
    """Return the message; a subject that comes from a parent is looked up with the recipients."""
    asks = recipients_derived(request)
    names_subject = request.subject is None and _continues_thread(request)
    chooses_sender = request.sender is None and _continues_thread(request)
    if not asks and not names_subject and not chooses_sender:
        signature = await _signature(context, request, request.sender)
        return MessageRecipients(_given_envelope(request), request, signature=signature)
    # Everything that costs a look but says nothing about recipients is left out.
    bare = replace(
        request, attachments=(), quote=False, text="", html=None, headers={}, signature=None
    )
    compose = Compose(context.gmail, context.connection, context.clock, draft=True)
    composed = await compose(bare, None)
    fixed = not asks or request.reply_to_message_id is not None
    sender = _sender(composed.raw) if chooses_sender else None
    wanted = request.sender if sender is None else parse_mailboxes(sender, "from")[0]
    envelope = replace(await _envelope(composed.raw), headers=tuple(request.headers))
    return MessageRecipients(
        envelope,
        request,
        recipients_derived=asks,
        recipients_fixed=fixed,
        names_subject=names_subject,
        sender=sender,
        signature=await _signature(context, request, wanted),
    )


async def _signature(
    context: ActionContext, request: SendRequest, sender: Mailbox | None
) -> Signature | None:
    if not request.signature:
        return None
    asked = SendAs(context.gmail, context.connection)
    person = sender or Mailbox(context.connection.email)
    return await asked.asked_signature(request.signature, person)


def _continues_thread(request: SendRequest) -> bool:
    """Whether the request continues what is in the mailbox, whose subject it then takes."""
    if request.raw is not None or request.forward_message_id is not None:
        return False
    return request.reply_to_message_id is not None or request.thread_id is not None


def _sender(raw: bytes) -> str | None:
    """Return the From of a message that was built here."""
    lines = read_header_lines(raw)
    person = next((read_address(value) for name, value in lines if name.lower() == "from"), None)
    if person is None or not person["name"] or "=?" in person["name"]:
        return None if person is None else person["email"]
    name = person["name"].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <{person["email"]}>'


async def _envelope(raw: bytes) -> Envelope:
    return await off_loop(len(raw), envelope_of, raw)


def _given_envelope(request: SendRequest) -> Envelope:
    to, cc, bcc = (
        tuple(one.address for one in people) for people in (request.to, request.cc, request.bcc)
    )
    return Envelope(to, cc, bcc, request.subject or "", tuple(request.headers))


async def _from_draft(context: ActionContext, id: str) -> MessageRecipients:
    """Return a draft of the mailbox, read from the bytes that leave."""
    copy = await read_copy(context, id)
    return MessageRecipients(await _envelope(copy.raw), copy.request(), draft=copy)
