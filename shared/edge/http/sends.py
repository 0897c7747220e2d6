"""/send and /sends/*: the send ledger's front door for the product's backend (API 6)."""

from pydantic import Field
from starlette.responses import Response

from shared.actions.run import RunAction
from shared.actions.send_email import SendEmailInput, SendEmailOutput, as_output
from shared.domain.send import send_id
from shared.edge.http.actions import EFFECT_HEADERS, KEY_HEADER, LARGEST_BODY
from shared.edge.http.answers import json_response
from shared.edge.http.call import Call
from shared.edge.http.routes import Answer, Permission, Route, Tenant
from shared.errors import NotFoundError


class SendView(Answer):
    """A ledger entry."""

    id: str | None
    threadId: str | None  # noqa: N815  Gmail's spelling
    messageId: str | None  # noqa: N815  API 6's spelling
    status: str
    error: str | None = None
    error_message: str | None = None
    created_at: str
    updated_at: str
    delivery: str = Field(description="exactly_once or direct")


async def send(call: Call) -> Response:
    """Send one message.

    Retry with the same Idempotency-Key until you have an answer: nothing is sent twice. A replay
    carries `Idempotent-Response: true`.
    """
    connection = (await call.connection()).value
    asked = call.body(SendEmailInput).model_dump(by_alias=True, exclude_unset=True)
    key = call.request.headers.get(KEY_HEADER)
    run = RunAction(call.wiring)
    answer = await run(connection, "send-email", asked, idempotency_key=key, trace_id=call.trace_id)
    if answer.replayed:
        call.response_headers["Idempotent-Response"] = "true"
    return json_response(answer.output)


async def one_send(call: Call) -> SendView:
    """Answer what became of the send with this idempotency key."""
    connection = (await call.connection()).value
    found = await call.wiring.sends.get(send_id(connection.id, call.path("key")))
    if found is None:
        raise NotFoundError("No send with this idempotency key on this connection.")
    entry = found.value
    shown = as_output(entry).model_dump(include={"id", "threadId", "messageId", "status", "error"})
    return SendView(
        **shown,
        error_message=entry.error_message,
        created_at=entry.created_at.isoformat().replace("+00:00", "Z"),
        updated_at=entry.updated_at.isoformat().replace("+00:00", "Z"),
        delivery=entry.mode.value,
    )


ROUTES = (
    Route(
        "POST",
        "/send",
        Permission.SEND,
        send,
        "Send an email",
        body=SendEmailInput,
        output=SendEmailOutput,
        tenant=Tenant.REQUIRED,
        max_body=LARGEST_BODY,
        request_headers={"Idempotency-Key": EFFECT_HEADERS["Idempotency-Key"]},
    ),
    Route(
        "GET",
        "/sends/{key}",
        Permission.SEND,
        one_send,
        "What became of a send",
        output=SendView,
        tenant=Tenant.REQUIRED,
    ),
)
