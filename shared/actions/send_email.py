"""`send-email`: one message, once (API 6, DESIGN 6)."""

from base64 import urlsafe_b64encode

from pydantic import BaseModel, ConfigDict, Field

from shared.actions.message_fields import MessageFields, as_request
from shared.actions.registry import Action, ActionContext, ActionPorts, Effect, Replayed
from shared.domain.scopes import SEND
from shared.domain.send import SendEntry
from shared.usecases.send.compose import Composed
from shared.usecases.send_email import SendEmail


class SendEmailInput(MessageFields):
    """The message; `dry_run` answers its MIME and sends nothing."""

    dry_run: bool = False


class SendEmailOutput(BaseModel):
    """What became of the send. `submitted` says that Gmail took it, not that it arrived."""

    model_config = ConfigDict(frozen=True)

    id: str | None = Field(description="Gmail's id of the sent message.")
    threadId: str | None  # noqa: N815  Gmail's spelling
    messageId: str | None = Field(  # noqa: N815  API 6's spelling
        description="The Message-ID header that Gmail gave it, where it may be read."
    )
    status: str = Field(
        description="accepted, drafted, submitting, submitted, failed, unknown, cancelled; "
        "dry_run where nothing was sent."
    )
    error: str | None = None
    raw: str | None = Field(None, description="dry_run only: the message, base64url.")


async def send_email(
    context: ActionContext, asked: SendEmailInput
) -> SendEmailOutput | Replayed[SendEmailOutput]:
    """Send, or answer what the same idempotency key did before.

    Raises InvalidRequestError and its kinds, MissingScopeError, the idempotency errors.
    """
    send = use_case(context.ports)
    request = await as_request(asked, context.gmail)
    if asked.dry_run:
        return _previewed(await send.preview(context.connection, request))
    sending = await send(context.connection.id, request, context.idempotency_key)
    output = as_output(sending.entry)
    return Replayed(output) if sending.replayed else output


def use_case(ports: ActionPorts) -> SendEmail:
    """Compose the use case from an action's ports."""
    return SendEmail(
        connections=ports.connections,
        grants=ports.grants,
        sends=ports.sends,
        gmail=ports.gmail,
        sealer=ports.sealer,
        clock=ports.clock,
    )


def as_output(entry: SendEntry) -> SendEmailOutput:
    """Answer a ledger entry as the API shows it."""
    return SendEmailOutput(
        id=entry.message_id,
        threadId=entry.thread_id,
        messageId=entry.rfc822_message_id,
        status=entry.state.value,
        error=entry.error,
    )


def _previewed(composed: Composed) -> SendEmailOutput:
    return SendEmailOutput(
        id=None,
        threadId=composed.thread_id,
        messageId=None,
        status="dry_run",
        raw=urlsafe_b64encode(composed.raw).decode(),
    )


ACTION = Action(
    name="send-email",
    summary="Send an email as the connected mailbox, exactly once for each idempotency key.",
    input=SendEmailInput,
    output=SendEmailOutput,
    run=send_email,
    scopes=(SEND,),
    effect=Effect.LEDGER,
)
