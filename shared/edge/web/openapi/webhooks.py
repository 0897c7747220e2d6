"""The `webhooks` of the document: the body of every type of event, with one example each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import Field

from shared.domain.events.event import EventType
from shared.domain.sync.status import Coverage
from shared.edge.web.openapi.schemas import Schemas
from shared.edge.web.routes import LEFT_OUT, ResponseModel


class EventError(ResponseModel):
    """What is wrong: a code, what it means, and the page below `/docs` that helps."""

    type: str
    description: str | None
    docs: str | None = LEFT_OUT


class _Body(ResponseModel):
    from_: Literal["postroom", "nango"] = Field(alias="from")
    connectionId: str  # noqa: N815  the names of a webhook
    providerConfigKey: str  # noqa: N815
    createdAt: datetime  # noqa: N815
    version: int = Field(description="Of two events about one subject the greater is the later.")


class AuthEvent(_Body):
    """A grant came, was renewed or ended."""

    type: Literal["auth"]
    operation: Literal["creation", "override", "refresh", "deletion"]
    authMode: str  # noqa: N815
    provider: str
    environment: str
    success: bool
    tags: dict[str, str]
    endUser: dict[str, Any] | None = LEFT_OUT  # noqa: N815
    error: EventError | None = LEFT_OUT
    warning: EventError | None = LEFT_OUT


class SyncEvent(_Body):
    """Records changed, or a sync fails: read from the cursor that you stored."""

    type: Literal["sync"]
    syncName: str  # noqa: N815
    syncVariant: str  # noqa: N815
    model: str
    syncType: Literal["INITIAL", "INCREMENTAL", "WEBHOOK"]  # noqa: N815
    success: bool
    modifiedAfter: datetime | None = LEFT_OUT  # noqa: N815
    queryTimeStamp: datetime | None = LEFT_OUT  # noqa: N815
    responseResults: dict[str, int] | None = LEFT_OUT  # noqa: N815
    checkpoints: dict[str, Any] | None = LEFT_OUT
    cursor: str | None = LEFT_OUT
    messages: list[dict[str, Any]] | None = LEFT_OUT
    messagesComplete: bool | None = LEFT_OUT  # noqa: N815
    coverage: Coverage | None = LEFT_OUT
    quarantined: dict[str, Any] | None = LEFT_OUT
    deferred: dict[str, Any] | None = None
    error: EventError | None = LEFT_OUT
    startedAt: datetime | None = LEFT_OUT  # noqa: N815
    failedAt: datetime | None = LEFT_OUT  # noqa: N815


class FinishedAction(ResponseModel):
    """Where the output is."""

    id: str
    statusUrl: str  # noqa: N815


class AsyncActionEvent(_Body):
    """An action that was asked for with `X-Async` has ended."""

    type: Literal["async_action"]
    payload: FinishedAction


class SentMessage(ResponseModel):
    """Which send it is about."""

    id: str | None
    threadId: str | None  # noqa: N815
    idempotencyKey: str | None  # noqa: N815
    bulkId: str | None  # noqa: N815


class SendEvent(_Body):
    """A send ended, or came back."""

    type: Literal["send"]
    operation: Literal["submitted", "failed", "unknown", "bounced"]
    success: bool
    send: SentMessage
    bounce: dict[str, Any] | None = LEFT_OUT
    error: EventError | None = LEFT_OUT


class WatchEvent(_Body):
    """The watch on a mailbox lapsed, was never armed, stays silent, or announces mail again."""

    type: Literal["watch"]
    operation: Literal["lapsed", "never_armed", "silent", "recovered"]
    success: bool
    error: EventError | None


class AskedApproval(ResponseModel):
    """The call that waits or waited."""

    id: str
    action: str
    state: str
    statusUrl: str  # noqa: N815


class ApprovalEvent(_Body):
    """A call waits for a person's word, or no longer does."""

    type: Literal["approval"]
    operation: Literal["requested", "approved", "rejected", "expired", "finished"]
    success: bool
    approval: AskedApproval
    error: EventError | None = LEFT_OUT


class ConnectionEvent(_Body):
    """Google gave the account another address, and the connection has it now."""

    type: Literal["connection"]
    operation: Literal["address_changed"]
    success: bool
    email: str
    formerEmail: str  # noqa: N815


BODIES: Final[Mapping[EventType, type[_Body]]] = {
    EventType.AUTH: AuthEvent,
    EventType.SYNC: SyncEvent,
    EventType.ASYNC_ACTION: AsyncActionEvent,
    EventType.SEND: SendEvent,
    EventType.WATCH: WatchEvent,
    EventType.APPROVAL: ApprovalEvent,
    EventType.CONNECTION: ConnectionEvent,
}
_AT: Final = "2026-03-02T09:30:00+00:00"
_SENT: Final = {"id": "19ca", "threadId": "19c9", "idempotencyKey": "order/17", "bulkId": None}
_CALL: Final = {"id": "apr_7f", "action": "send-email", "state": "pending"}
EXAMPLES: Final[Mapping[EventType, Mapping[str, Any]]] = {
    EventType.AUTH: {
        "operation": "creation",
        "authMode": "OAUTH2",
        "provider": "google-mail",
        "environment": "prod",
        "success": True,
        "tags": {"end_user_id": "u1"},
    },
    EventType.SYNC: {
        "syncName": "fetch-messages",
        "syncVariant": "base",
        "model": "EmailMessage",
        "syncType": "WEBHOOK",
        "success": True,
        "modifiedAfter": _AT,
        "queryTimeStamp": _AT,
        "responseResults": {"added": 1, "updated": 0, "deleted": 0},
        "checkpoints": {"from": {"history_id": "1012"}, "to": {"history_id": "1015"}},
        "cursor": "c3",
        "coverage": "whole",
        "deferred": None,
        "quarantined": {"count": 0, "oldest": None, "reasons": {}},
    },
    EventType.ASYNC_ACTION: {"payload": {"id": "a1", "statusUrl": "/action/a1"}},
    EventType.SEND: {"operation": "submitted", "success": True, "send": _SENT},
    EventType.WATCH: {"operation": "recovered", "success": True, "error": None},
    EventType.APPROVAL: {
        "operation": "requested",
        "success": True,
        "approval": {**_CALL, "statusUrl": "/approvals/apr_7f"},
    },
    EventType.CONNECTION: {
        "operation": "address_changed",
        "success": True,
        "email": "ada.byron@acme.example",
        "formerEmail": "ada@acme.example",
    },
}
"""What a body of each type holds besides what all have."""
HEADERS: Final = {
    "webhook-id": "The event's id: the same at every attempt.",
    "webhook-timestamp": "Seconds since 1970.",
    "webhook-signature": "Standard Webhooks v1, one signature for each live secret.",
}


def webhooks(schemas: Schemas) -> dict[str, Any]:
    """Return what a receiver is sent, by the type of event."""
    return {type.value: {"post": _operation(type, schemas)} for type in BODIES}


def example_of(type: EventType) -> dict[str, Any]:
    """Return a whole body of that type."""
    common = {"from": "postroom", "type": type.value, "connectionId": "c-1"}
    made = {"providerConfigKey": "google-mail", "createdAt": _AT, "version": 4}
    return {**common, **made, **EXAMPLES[type]}


def _operation(type: EventType, schemas: Schemas) -> dict[str, Any]:
    model = BODIES[type]
    content = {"schema": schemas.returned[model], "example": example_of(type)}
    return {
        "operationId": f"receive_{type.value}",
        "summary": model.__doc__,
        "tags": ["webhooks"],
        "parameters": [
            {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}
            for name, words in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "Taken. Any other answer is tried again."},
            "410": {"description": "Not wanted any more: the receiver is disabled."},
        },
    }
