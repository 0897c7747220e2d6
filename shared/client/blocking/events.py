"""`events.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..errors import NotFoundError
from ..events import (
    Content,
    Endpoint,
    EndpointWithSecret,
    Event,
    EventState,
    EventType,
    Operation,
    Redelivery,
    _Endpoints,
    _Events,
    _Operations,
    _Redelivered,
)
from ..transport import Request, at, present, query_of
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Events:
    """`postroom.events`."""

    transport: Transport

    def list(
        self,
        *,
        connection_id: str | None = None,
        state: EventState | None = None,
        limit: int = 100,
    ) -> Sequence[Event]:
        """Return events and how their delivery stands, newest first."""
        request = Request("GET", "/events", connection_id, query=query_of(state=state, limit=limit))
        return (self.transport.read(request, _Events)).events

    def redeliver(self, event_id: str) -> str:
        """Send one event again to the receivers that lack it; return its state."""
        path = at("events", event_id, "redeliver")
        return (self.transport.read(Request("POST", path), _Redelivered)).state

    def redeliver_since(
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
        return self.transport.read(request, Redelivery)

    def operations(
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
        return (self.transport.read(request, _Operations)).operations


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`postroom.webhooks`: the receivers of events."""

    transport: Transport

    def create(
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
        return self.transport.read(request, EndpointWithSecret)

    def list(self) -> Sequence[Endpoint]:
        """Return the receivers, oldest first."""
        return (self.transport.read(Request("GET", "/webhook-endpoints"), _Endpoints)).all

    def get(self, id: str) -> Endpoint:
        """Return one receiver."""
        return self.transport.read(Request("GET", at("webhook-endpoints", id)), Endpoint)

    def change(
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
        return self.transport.read(Request("PATCH", path, body=body, repeatable=True), Endpoint)

    def rotate_secret(
        self, id: str, *, secret: str | None = None, overlap_s: int | None = None
    ) -> EndpointWithSecret:
        """Sign with a new secret and, for a while (a day), with the last one too."""
        path = at("webhook-endpoints", id, "rotate-secret")
        body = present(secret=secret, overlap_s=overlap_s)
        return self.transport.read(Request("POST", path, body=body), EndpointWithSecret)

    def delete(self, id: str) -> None:
        """Remove a receiver; one that is gone already counts as removed."""
        try:
            self.transport.json(Request("DELETE", at("webhook-endpoints", id)))
        except NotFoundError:
            return
