"""/send and /sends/*: the send ledger's front door for the product's backend (API 6.4, 6.5)."""

# ruff: noqa: N815  Gmail's spelling

from collections import Counter
from datetime import datetime, timedelta

from pydantic import Field
from starlette.responses import Response

from shared.actions.gmail.message_fields import SendFields, as_request
from shared.actions.gmail.send_email import HeldField, SendEmailInput, SendEmailOutput, held_field
from shared.actions.policy.guard import GuardedActions
from shared.actions.policy.request_approval import Waiting
from shared.domain.keys.policy import Does
from shared.domain.send.bulk import MAX_BULK, BulkSend
from shared.domain.send.entry import SendEntry, SendState, send_id
from shared.domain.validation import Instant, place_problems
from shared.edge.web.call import Call
from shared.edge.web.effects import (
    EFFECT_HEADERS,
    KEY_HEADER,
    LARGEST_BODY,
    WaitingView,
    action_response,
)
from shared.edge.web.reading import header
from shared.edge.web.routes import LEFT_OUT, Permission, RequestModel, ResponseModel, Route, Tenant
from shared.errors import InvalidRequestError, NotFoundError, Problem
from shared.ports.sends import BulkSends, Sends
from shared.usecases.off_loop import off_loop
from shared.usecases.send.rules import CancelSend
from shared.usecases.send.send_bulk import BulkMessage, SendBulk

ACCEPTED = 202
MOMENT = timedelta(microseconds=1)

WEIGHT = 2_000
"""Bytes that one message of a bulk counts as while its fields are read."""


class SendView(ResponseModel):
    """A ledger entry."""

    idempotency_key: str
    status: str
    id: str | None
    threadId: str | None
    messageId: str | None
    error: str | None = None
    error_message: str | None = None
    created_at: datetime
    updated_at: datetime
    send_at: datetime | None
    submitted_at: datetime | None
    delivery: str = Field(description="exactly_once or direct")
    bounced: bool
    bulk_id: str | None
    held: HeldField | None = LEFT_OUT


class SendsQuery(RequestModel):
    """Which sends; without `state` all of them."""

    state: SendState | None = None
    limit: int = Field(100, ge=1, le=200)
    before: Instant | None = Field(None, description="Only those created earlier.")


class SendsView(ResponseModel):
    """Sends of a connection, newest first."""

    sends: list[SendView]


class BulkItem(SendFields):
    """One message of a bulk, with the key that names it."""

    idempotency_key: str


class BulkBody(RequestModel):
    """Up to 1,000 messages: all are accepted or none is."""

    messages: list[BulkItem] = Field(min_length=1, max_length=MAX_BULK)


class BulkAccepted(ResponseModel):
    """The bulk, durably queued."""

    id: str
    accepted: int


class BulkQuery(RequestModel):
    """A page of the bulk's messages, in the order in which they were given."""

    offset: int = Field(0, ge=0, le=MAX_BULK)
    limit: int = Field(100, ge=1, le=MAX_BULK)


class WaitsField(ResponseModel):
    """A bulk that stands still; `until` is when it is tried again."""

    concern: str = Field(alias="class", description="rate, passing, mailbox or deployment.")
    since: datetime
    until: datetime


class BulkView(ResponseModel):
    """How far a bulk is."""

    id: str
    total: int
    counts: dict[str, int] = Field(description="How many messages are in which status.")
    created_at: datetime
    done: bool = Field(description="Whether every message has its final status.")
    waits: WaitsField | None = LEFT_OUT
    messages: list[SendView]


async def send(call: Call) -> Response:
    """Send one message.

    200: Gmail took it. 202: it is scheduled, or goes on in the background; GET /sends/{key} and
    the `send` event tell what became of it. After a timeout, 409 idempotency_in_progress, 429 or
    5xx repeat the request with the same Idempotency-Key: nothing is sent twice. A replay carries
    `Idempotent-Response: true`.
    """
    connection = (await call.connection()).value
    asked = call.body(SendEmailInput).model_dump(by_alias=True, exclude_unset=True)
    key = header(call.request, KEY_HEADER)
    answer = await call.use(GuardedActions)(
        call.caller.actor,
        connection,
        "send-email",
        asked,
        idempotency_key=key,
        trace_id=call.trace_id,
    )
    if isinstance(answer, Waiting):
        return action_response(call, answer)
    done = answer.output["status"] in {SendState.SUBMITTED.value, "dry_run"}
    return action_response(call, answer, 200 if done else ACCEPTED)


async def one_send(call: Call) -> SendView:
    """Return what became of the send with this idempotency key."""
    connection = (await call.connection()).value
    found = await call.use(Sends).get(send_id(connection.id, call.path("key")))
    if found is None:
        raise NotFoundError("No send with this idempotency key on this connection.")
    return _view(found.value)


async def list_sends(call: Call) -> SendsView:
    """Return a connection's sends, newest first: `state=held` are those that can be cancelled."""
    connection, asked = (await call.connection()).value, call.query(SendsQuery)
    until = asked.before - MOMENT if asked.before else None
    found = await call.use(Sends).list(connection.id, asked.limit, state=asked.state, until=until)
    return SendsView(sends=[_view(entry) for entry in found])


async def cancel(call: Call) -> SendView:
    """Call off a send that is scheduled or held: 409 send_under_way where it may be out."""
    connection = (await call.connection()).value
    await call.use(GuardedActions).permit(
        call.caller.actor, connection, "cancel-send", Does.CHANGE, call.trace_id
    )
    return _view(await call.use(CancelSend)(connection.id, call.path("key")))


async def send_bulk(call: Call) -> BulkAccepted:
    """Accept up to 1,000 messages, each with its own idempotency key.

    They are submitted one after the other at the pace Gmail allows; each outcome is a `send`
    event. The same call again is the same bulk.
    """
    connection = (await call.connection()).value
    items = call.body(BulkBody).messages
    messages = await off_loop(len(items) * WEIGHT, _messages, items)
    await call.use(GuardedActions).permit_bulk(
        call.caller.actor, connection, messages, call.trace_id
    )
    bulk = await call.use(SendBulk)(connection.id, messages, trace_id=call.trace_id)
    return BulkAccepted(id=bulk.id, accepted=len(bulk.sends))


async def one_bulk(call: Call) -> BulkView:
    """Return how far a bulk is, and a page of its messages."""
    connection = (await call.connection()).value
    found = await call.use(BulkSends).get(call.path("id"))
    if found is None or found.value.connection_id != connection.id:
        raise NotFoundError("No such bulk on this connection.")
    bulk, asked = found.value, call.query(BulkQuery)
    known = await call.use(Sends).many(bulk.sends)
    entries = [known[id] for id in bulk.sends if id in known]
    return BulkView(
        id=bulk.id,
        total=len(bulk.sends),
        counts=dict(Counter(entry.state.value for entry in entries)),
        created_at=bulk.created_at,
        done=all(entry.state.final for entry in entries),
        waits=_waits(bulk),
        messages=[_view(entry) for entry in entries[asked.offset :][: asked.limit]],
    )


def _waits(bulk: BulkSend) -> WaitsField | None:
    hold, until = bulk.hold, bulk.next_due_at
    if hold is None or until is None or bulk.finished_at is not None:
        return None
    return WaitsField(**{"class": hold.concern.value}, since=hold.since, until=until)


def _messages(items: list[BulkItem]) -> list[BulkMessage]:
    """Read every message, so that one error names all problems by their places."""
    found: list[BulkMessage] = []
    problems: list[Problem] = []
    for place, item in enumerate(items):
        try:
            found.append(BulkMessage(as_request(item), item.idempotency_key))
        except InvalidRequestError as error:
            problems += place_problems(error, "messages", place)
    if problems:
        raise InvalidRequestError(
            "Some messages cannot be sent, so none was accepted; see errors.",
            code=problems[0].code,
            problems=problems[:100],
        )
    return found


def _view(entry: SendEntry) -> SendView:
    return SendView(
        idempotency_key=entry.idempotency_key,
        status=entry.state.value,
        id=entry.message_id,
        threadId=entry.thread_id,
        messageId=entry.rfc822_message_id,
        error=entry.error,
        error_message=entry.error_message,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
        send_at=entry.send_at,
        submitted_at=entry.submitted_at,
        delivery=entry.mode.value,
        bounced=bool(entry.bounces),
        bulk_id=entry.bulk_id,
        held=held_field(entry),
    )


ROUTES = (
    Route(
        "POST",
        "/send",
        Permission.SEND,
        send,
        "Send an email",
        body=SendEmailInput,
        rendered=SendEmailOutput | WaitingView,
        tenant=Tenant.REQUIRED,
        max_body=LARGEST_BODY,
        request_headers={"Idempotency-Key": EFFECT_HEADERS["Idempotency-Key"]},
        also={ACCEPTED: "Scheduled, going on in the background, or waiting for a person."},
    ),
    Route(
        "GET",
        "/sends",
        Permission.SEND,
        list_sends,
        "Sends by their state",
        query=SendsQuery,
        tenant=Tenant.REQUIRED,
    ),
    Route(
        "GET",
        "/sends/{key:path}",
        Permission.SEND,
        one_send,
        "What became of a send",
        tenant=Tenant.REQUIRED,
    ),
    Route(
        "DELETE",
        "/sends/{key:path}",
        Permission.SEND,
        cancel,
        "Call off a scheduled or held send",
        tenant=Tenant.REQUIRED,
    ),
    Route(
        "POST",
        "/send/bulk",
        Permission.SEND,
        send_bulk,
        "Send many emails",
        body=BulkBody,
        status=ACCEPTED,
        tenant=Tenant.REQUIRED,
        max_body=LARGEST_BODY,
    ),
    Route(
        "GET",
        "/send/bulk/{id}",
        Permission.SEND,
        one_bulk,
        "How far a bulk is",
        query=BulkQuery,
        tenant=Tenant.REQUIRED,
    ),
)
