"""GET /operations and GET /events: what was done, and what the product is told (API 5.4, 7.3)."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from shared.domain.events.delivery import Failure, shown_payload
from shared.domain.events.event import Delivery, DeliveryState, Event, EventState
from shared.domain.operation import Operation, OperationState, OperationType
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, RequestModel, ResponseModel, Route, Tenant
from shared.ports.events import Operations, Outbox


class OperationsQuery(RequestModel):
    """Filters; every one given must hold."""

    type: OperationType | None = None
    state: OperationState | None = None
    limit: int = Field(100, ge=1, le=1000)


class StepView(ResponseModel):
    """One step; `detail` holds counts and codes, never content."""

    name: str
    started_at: datetime
    duration_ms: float
    detail: dict[str, Any]


class OperationView(ResponseModel):
    """One sync run, action, authorization or delivery."""

    id: str
    connection_id: str | None
    type: OperationType
    name: str
    state: OperationState
    started_at: datetime
    finished_at: datetime
    error: str | None
    trace_id: str | None
    detail: dict[str, Any]
    steps: list[StepView]


class OperationsPage(ResponseModel):
    """Operations, newest first; they are kept 15 days."""

    operations: list[OperationView]


class EventsQuery(RequestModel):
    """Filters; every one given must hold."""

    state: Literal["pending", "delivered", "dead", "overtaken"] | None = None
    limit: int = Field(100, ge=1, le=1000)


class DeliveryView(ResponseModel):
    """How an event stands with one receiver: an endpoint's id, `override`, or a sink's address."""

    receiver: str
    state: DeliveryState
    attempts: int
    status: int | None
    error: str | None = Field(description=f"One of {', '.join(Failure)}.")
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None


class EventView(ResponseModel):
    """One event of the outbox; delivered with no deliveries: there was no receiver."""

    id: str
    connection_id: str
    type: str
    state: EventState
    payload: dict[str, Any]
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    attempts: int
    last_error: str | None
    trace_id: str | None
    deliveries: list[DeliveryView]


class EventsPage(ResponseModel):
    """Events, newest first."""

    events: list[EventView]


async def list_operations(call: Call) -> OperationsPage:
    """Return what was done lately, for one connection or all."""
    asked = call.query(OperationsQuery)
    found = await call.use(Operations).list(
        connection_id=call.connection_id,
        type=asked.type,
        state=asked.state,
        limit=asked.limit,
        among=call.caller.connections,
    )
    return OperationsPage(operations=[_operation(one) for one in found])


async def list_events(call: Call) -> EventsPage:
    """Return events and how their delivery stands."""
    asked = call.query(EventsQuery)
    found = await call.use(Outbox).list(
        state=EventState(asked.state) if asked.state else None,
        connection_id=call.connection_id,
        limit=asked.limit,
        among=call.caller.connections,
    )
    return EventsPage(events=[_event(one) for one in found])


def _operation(one: Operation) -> OperationView:
    return OperationView(
        id=one.id,
        connection_id=one.connection_id,
        type=one.type,
        name=one.name,
        state=one.state,
        started_at=one.started_at,
        finished_at=one.finished_at,
        error=one.error,
        trace_id=one.trace_id,
        detail=dict(one.detail),
        steps=[
            StepView(
                name=step.name,
                started_at=step.started_at,
                duration_ms=step.duration_ms,
                detail=dict(step.detail),
            )
            for step in one.steps
        ],
    )


def _event(one: Event) -> EventView:
    return EventView(
        id=one.id,
        connection_id=one.connection_id,
        type=one.type,
        state=one.state,
        payload=shown_payload(one),
        created_at=one.created_at,
        next_attempt_at=one.next_attempt_at,
        delivered_at=one.delivered_at,
        attempts=one.attempts,
        last_error=one.last_error,
        trace_id=one.trace_id,
        deliveries=[_delivery(name, told) for name, told in one.deliveries.items()],
    )


def _delivery(receiver: str, told: Delivery) -> DeliveryView:
    return DeliveryView(
        receiver=receiver,
        state=told.state,
        attempts=told.attempts,
        status=told.status,
        error=told.error,
        last_attempt_at=told.last_attempt_at,
        next_attempt_at=told.next_attempt_at,
    )


ROUTES = (
    Route(
        "GET",
        "/operations",
        Permission.OPERATIONS_READ,
        list_operations,
        "What was done lately",
        query=OperationsQuery,
        tenant=Tenant.OPTIONAL,
    ),
    Route(
        "GET",
        "/events",
        Permission.EVENTS_READ,
        list_events,
        "Events for the product, and their delivery",
        query=EventsQuery,
        tenant=Tenant.OPTIONAL,
    ),
)
