"""`events.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..errors import NotFoundError
from ..events import (
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
from ..wire import Ask, at, given, present
from .wire import Wire


@dataclass(frozen=True, slots=True)
class Events:
    """`postroom.events`."""

    wire: Wire

    def list(
        self,
        *,
        connection_id: str | None = None,
        state: EventState | None = None,
        limit: int = 100,
    ) -> Sequence[Event]:
        """Return events and how their delivery stands, newest first."""
        ask = Ask("GET", "/events", connection_id, query=given(state=state, limit=limit))
        return (self.wire.read(ask, _Events)).events

    def redeliver(self, event_id: str) -> str:
        """Send one event again, to whoever lacks it; answer its state."""
        path = at("events", event_id, "redeliver")
        return (self.wire.read(Ask("POST", path), _Redelivered)).state

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
        ask = Ask("POST", "/events/redeliver", connection_id, body=body)
        return self.wire.read(ask, Redelivery)

    def operations(
        self,
        *,
        connection_id: str | None = None,
        type: str | None = None,
        state: str | None = None,
        limit: int = 100,
    ) -> Sequence[Operation]:
        """Return what was done lately, newest first."""
        query = given(type=type, state=state, limit=limit)
        ask = Ask("GET", "/operations", connection_id, query=query)
        return (self.wire.read(ask, _Operations)).operations


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`postroom.webhooks`: the receivers of events."""

    wire: Wire

    def create(
        self,
        url: str,
        *,
        types: Sequence[EventType] = (),
        connection_ids: Sequence[str] | None = None,
        description: str = "",
        secret: str | None = None,
        flavour: Literal["postroom", "nango"] | None = None,
    ) -> EndpointWithSecret:
        """Register an https address, or a sink that the operator allows.

        `nango` is for a receiver that was written for Nango: `secret` is what it verifies with.
        """
        body = present(
            url=url,
            types=list(types),
            connection_ids=list(connection_ids) if connection_ids else None,
            description=description,
            secret=secret,
            flavour=flavour,
        )
        ask = Ask("POST", "/webhook-endpoints", body=body)
        return self.wire.read(ask, EndpointWithSecret)

    def list(self) -> Sequence[Endpoint]:
        """Return the receivers, oldest first."""
        return (self.wire.read(Ask("GET", "/webhook-endpoints"), _Endpoints)).all

    def get(self, id: str) -> Endpoint:
        """Return one receiver."""
        return self.wire.read(Ask("GET", at("webhook-endpoints", id)), Endpoint)

    def change(
        self,
        id: str,
        *,
        url: str | None = None,
        types: Sequence[EventType] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Endpoint:
        """Change a receiver; `enabled` takes back what its 410 did."""
        body = present(
            url=url,
            types=list(types) if types is not None else None,
            description=description,
            enabled=enabled,
        )
        path = at("webhook-endpoints", id)
        return self.wire.read(Ask("PATCH", path, body=body, repeatable=True), Endpoint)

    def rotate_secret(
        self, id: str, *, secret: str | None = None, overlap_s: int | None = None
    ) -> EndpointWithSecret:
        """Sign with a new secret and, for a while (a day), with the last one too."""
        path = at("webhook-endpoints", id, "rotate-secret")
        body = present(secret=secret, overlap_s=overlap_s)
        return self.wire.read(Ask("POST", path, body=body), EndpointWithSecret)

    def delete(self, id: str) -> None:
        """Remove a receiver; one that is gone already counts as removed."""
        try:
            self.wire.json(Ask("DELETE", at("webhook-endpoints", id)))
        except NotFoundError:
            return
