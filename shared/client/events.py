"""What the product is told, who is told it, and what was done (API 5, 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from .errors import NotFoundError
from .transport import Request, ResponseModel, Transport, at, present, query_of

EventType = Literal["auth", "sync", "async_action", "send", "watch", "approval", "connection"]
Content = Literal["none", "summary", "full"]
EventState = Literal["pending", "delivered", "dead", "overtaken"]


class Delivery(ResponseModel):
    """How an event stands with one receiver."""

    receiver: str
    state: str
    attempts: int
    status: int | None
    error: str | None
    next_attempt_at: datetime | None


class Event(ResponseModel):
    """One event; `payload` is the body a webhook is sent."""

    id: str
    connection_id: str
    type: str
    state: str
    payload: Mapping[str, Any]
    created_at: datetime
    delivered_at: datetime | None
    attempts: int
    last_error: str | None
    deliveries: Sequence[Delivery]


class Redelivery(ResponseModel):
    """How many events were made due; `more` says to ask again for the rest."""

    redelivered: int
    more: bool = Field(alias="has_more")


class Endpoint(ResponseModel):
    """One receiver of events; none of `connection_ids` or `types` means all."""

    id: str
    url: str
    types: Sequence[str]
    connection_ids: Sequence[str] | None
    description: str
    flavour: str
    content: str
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    last_success_at: datetime | None
    live_secrets: int


class EndpointWithSecret(Endpoint):
    """The same with what its events are signed by, shown this once; None for a sink."""

    secret: str | None = Field(repr=False)


class Step(ResponseModel):
    """One step of an operation; `detail` holds counts and codes."""

    name: str
    started_at: datetime
    duration_ms: float
    detail: Mapping[str, Any]


class Operation(ResponseModel):
    """One sync run, action, authorisation or delivery."""

    id: str
    connection_id: str | None
    type: str
    name: str
    state: str
    started_at: datetime
    finished_at: datetime
    error: str | None
    trace_id: str | None
    detail: Mapping[str, Any]
    steps: Sequence[Step]


class _Events(ResponseModel):
    events: Sequence[Event]


class _Redelivered(ResponseModel):
    state: str


class _Operations(ResponseModel):
    operations: Sequence[Operation]


class _Endpoints(ResponseModel):
    all: Sequence[Endpoint] = Field(alias="webhook_endpoints")


@dataclass(frozen=True, slots=True)
class Events:
    """`postroom.events`."""

    transport: Transport

    async def list(
        self,
        *,
        connection_id: str | None = None,
        state: EventState | None = None,
        limit: int = 100,
    ) -> Sequence[Event]:
        """Return events and how their delivery stands, newest first."""
        request = Request("GET", "/events", connection_id, query=query_of(state=state, limit=limit))
        return (await self.transport.read(request, _Events)).events

    async def redeliver(self, event_id: str) -> str:
        """Send one event again to the receivers that lack it; return its state."""
        path = at("events", event_id, "redeliver")
        return (await self.transport.read(Request("POST", path), _Redelivered)).state

    async def redeliver_since(
        self,
        since: datetime,
        *,
        until: datetime | None = None,
        state: EventState = "dead",
        connection_id: str | None = None,
    ) -> Redelivery:
        """Send again what was created in a span of time, by default what died."""
        body = present(
            since=since.isoformat(), until=until.isoformat() if until else None, state=state
        )
        request = Request("POST", "/events/redeliver", connection_id, body=body)
        return await self.transport.read(request, Redelivery)

    async def operations(
        self,
        *,
        connection_id: str | None = None,
        type: str | None = None,
        state: str | None = None,
        limit: int = 100,
    ) -> Sequence[Operation]:
        """Return what was done lately, newest first."""
        query = query_of(type=type, state=state, limit=limit)
        request = Request("GET", "/operations", connection_id, query=query)
        return (await self.transport.read(request, _Operations)).operations


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`postroom.webhooks`: the receivers of events."""

    transport: Transport

    async def create(
        self,
        url: str,
        *,
        types: Sequence[EventType] = (),
        connection_ids: Sequence[str] | None = None,
        description: str = "",
        secret: str | None = None,
        flavour: Literal["postroom", "nango"] | None = None,
        content: Content | None = None,
    ) -> EndpointWithSecret:
        """Register an https address, or a sink that the operator allows.

        With `content` its `sync` events bring the messages along, up to a size.

        `nango` is for a receiver that was written for Nango: `secret` is what it verifies with.
        """
        body = present(
            url=url,
            types=list(types),
            connection_ids=list(connection_ids) if connection_ids else None,
            description=description,
            secret=secret,
            flavour=flavour,
            content=content,
        )
        request = Request("POST", "/webhook-endpoints", body=body)
        return await self.transport.read(request, EndpointWithSecret)

    async def list(self) -> Sequence[Endpoint]:
        """Return the receivers, oldest first."""
        return (await self.transport.read(Request("GET", "/webhook-endpoints"), _Endpoints)).all

    async def get(self, id: str) -> Endpoint:
        """Return one receiver."""
        return await self.transport.read(Request("GET", at("webhook-endpoints", id)), Endpoint)

    async def change(
        self,
        id: str,
        *,
        url: str | None = None,
        types: Sequence[EventType] | None = None,
        description: str | None = None,
        content: Content | None = None,
        enabled: bool | None = None,
    ) -> Endpoint:
        """Change a receiver; `enabled` takes back what its 410 did."""
        body = present(
            url=url,
            types=list(types) if types is not None else None,
            description=description,
            content=content,
            enabled=enabled,
        )
        path = at("webhook-endpoints", id)
        return await self.transport.read(
            Request("PATCH", path, body=body, repeatable=True), Endpoint
        )

    async def rotate_secret(
        self, id: str, *, secret: str | None = None, overlap_s: int | None = None
    ) -> EndpointWithSecret:
        """Sign with a new secret and, for a while (a day), with the last one too."""
        path = at("webhook-endpoints", id, "rotate-secret")
        body = present(secret=secret, overlap_s=overlap_s)
        return await self.transport.read(Request("POST", path, body=body), EndpointWithSecret)

    async def delete(self, id: str) -> None:
        """Remove a receiver; one that is gone already counts as removed."""
        try:
            await self.transport.json(Request("DELETE", at("webhook-endpoints", id)))
        except NotFoundError:
            return
