"""`send-email` and `send-message`: one message, once (API 6.3, DESIGN 6)."""

# ruff: noqa: N815  Gmail's spelling

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from shared.actions.gmail.message_fields import (
    DELIVERY,
    ID_PATTERN,
    NO_BASE64,
    LeftOutField,
    SendFields,
    as_request,
    left_out_fields,
)
from shared.actions.registry import (
    LONGEST,
    Action,
    ActionContext,
    ActionInput,
    ActionOutput,
    Effect,
    Replayed,
)
from shared.domain.base64url import decode_given_base64
from shared.domain.connect.scopes import SEND
from shared.domain.ids import ThreadId
from shared.domain.keys.policy import Does
from shared.domain.mail.writing.outgoing import LeftOut
from shared.domain.send.entry import DeliveryMode, SendEntry, SendState
from shared.domain.send.request import SendRequest
from shared.domain.validation import MAX_CONTENT
from shared.errors import InvalidRequestError, SendFailedError
from shared.usecases.send.compose import Composed
from shared.usecases.send.send_email import SendEmail, Sending


class SendEmailInput(SendFields):
    """The message; `dry_run` answers its MIME and sends nothing."""

    dry_run: bool = Field(default=False, description="Answer the message and send nothing.")


class SendMessageInput(ActionInput):
    """A finished message; From must be the account or one of its verified aliases."""

    raw: str = Field(description="The whole message, RFC 5322, base64url.", max_length=MAX_CONTENT)
    threadId: str | None = Field(None, pattern=ID_PATTERN, description="Continue this thread.")
    delivery: Literal["exactly_once", "direct"] | None = Field(None, description=DELIVERY)


class HeldField(ActionOutput):
    """A send that waits for trouble to pass that is not the message's."""

    concern: str = Field(alias="class", description="passing, mailbox or deployment.")
    since: datetime
    until: datetime = Field(description="When it fails with `expired`, if nothing changes.")


def held_field(entry: SendEntry) -> HeldField | None:
    """Return what a held send waits for; None for every other."""
    if entry.hold is None or entry.state is not SendState.HELD:
        return None
    hold = entry.hold
    return HeldField(concern=hold.concern.value, since=hold.since, until=entry.held_until)


class SendEmailOutput(ActionOutput):
    """What became of the send. `submitted` says that Gmail took it, not that it arrived."""

    id: str | None = Field(description="Gmail's id of the sent message.")
    threadId: str | None
    new_thread: bool | None = Field(
        None,
        description="Where a thread was named and the mail is out: true if Gmail began another, "
        "threadId, as it does for another subject.",
    )
    messageId: str | None = Field(
        description="The Message-ID header that Gmail gave it, where it may be read."
    )
    status: str = Field(
        description="submitted; accepted, drafted or submitting where it goes on in the "
        "background; held where trouble has to pass first, and it can be cancelled; unknown where "
        "the outcome cannot be known; cancelled; dry_run where nothing was sent."
    )
    held: HeldField | None = Field(
        None, description="Set while the status is held: what keeps it, and when it is given up."
    )
    idempotency_key: str | None = Field(None, description="GET /sends/{idempotency_key} tells on.")
    raw: str | None = Field(None, description="dry_run only: the message, base64url.")
    left_out: list[LeftOutField] = Field(
        default_factory=list,
        description="Recipients of the message answered that mail cannot be sent to; the first "
        "answer alone tells them.",
    )


class SendMessageOutput(SendEmailOutput):
    """The same, with the labels Gmail gave the sent message."""

    labelIds: list[str] = Field(default_factory=list)


async def send_email(
    context: ActionContext, asked: SendEmailInput
) -> SendEmailOutput | Replayed[SendEmailOutput]:
    """Send, or answer what the same idempotency key did before.

    Raises InvalidRequestError and its kinds, MissingScopeError, the idempotency errors,
    SendFailedError where the send ended with nothing sent.
    """
    request = as_request(asked)
    if asked.dry_run:
        return _dry_run_output(await context.use(SendEmail).preview(context.connection, request))
    sending = await _send(context, request)
    output = _in_thread(as_output(sending.entry, sending.left_out), asked.thread_id)
    return Replayed(output) if sending.replayed else output


async def send_message(
    context: ActionContext, asked: SendMessageInput
) -> SendMessageOutput | Replayed[SendMessageOutput]:
    """Send a finished message. Raises what `send_email` raises."""
    sending = await _send(context, raw_request(asked))
    labels = ["SENT"] if sending.entry.state is SendState.SUBMITTED else []
    sent = _in_thread(as_output(sending.entry), asked.threadId).model_dump(exclude_unset=True)
    output = SendMessageOutput(**sent, labelIds=labels)
    return Replayed(output) if sending.replayed else output


async def _send(context: ActionContext, request: SendRequest) -> Sending:
    send = context.use(SendEmail)
    sending = await send(
        context.connection.id, request, context.idempotency_key, trace_id=context.trace_id
    )
    conclude(sending.entry)
    return sending


def conclude(entry: SendEntry) -> SendEntry:
    """Return an entry that did not fail. Raises SendFailedError."""
    if entry.state is SendState.FAILED:
        raise SendFailedError(
            f"Nothing was sent: {entry.error_message} Use a new Idempotency-Key to try again.",
            code=entry.error or SendFailedError.code,
            upstream=entry.upstream,
        )
    return entry


def raw_request(asked: SendMessageInput) -> SendRequest:
    """Return the request of a finished message. Raises InvalidRequestError."""
    try:
        raw = decode_given_base64(asked.raw)
    except ValueError:
        raise InvalidRequestError(NO_BASE64, code="invalid_raw") from None
    return SendRequest(
        raw=raw,
        thread_id=ThreadId(asked.threadId) if asked.threadId else None,
        delivery=DeliveryMode(asked.delivery) if asked.delivery else None,
    )


def as_output(entry: SendEntry, left_out: Sequence[LeftOut] = ()) -> SendEmailOutput:
    """Return a ledger entry as the API shows it, and whom the message does not go to."""
    return SendEmailOutput(
        id=entry.message_id,
        threadId=entry.thread_id,
        messageId=entry.rfc822_message_id,
        status=entry.state.value,
        **_held_fields(entry),
        idempotency_key=entry.idempotency_key,
        **left_out_fields(left_out),
    )


def _in_thread(output: SendEmailOutput, asked: str | None) -> SendEmailOutput:
    """Return the output with whether the thread that was asked for became another."""
    if asked is None or output.status != SendState.SUBMITTED:
        return output
    return output.model_copy(update={"new_thread": output.threadId != asked})


def _held_fields(entry: SendEntry) -> dict[str, Any]:
    held = held_field(entry)
    return {} if held is None else {"held": held}


def _dry_run_output(composed: Composed) -> SendEmailOutput:
    return SendEmailOutput(
        id=None,
        threadId=composed.thread_id,
        messageId=None,
        status="dry_run",
        raw=urlsafe_b64encode(composed.raw).decode(),
        **left_out_fields(composed.left_out),
    )


ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="send-email",
        summary="Send an email as the connected mailbox, exactly once for each idempotency key.",
        input=SendEmailInput,
        output=SendEmailOutput,
        run=send_email,
        scopes=(SEND,),
        effect=Effect.LEDGER,
        does=Does.SEND,
        timeout=LONGEST,
    ),
    Action(
        name="send-message",
        summary="Send a finished RFC 5322 message, exactly once for each idempotency key.",
        input=SendMessageInput,
        output=SendMessageOutput,
        run=send_message,
        scopes=(SEND,),
        effect=Effect.LEDGER,
        does=Does.SEND,
        timeout=LONGEST,
    ),
)
