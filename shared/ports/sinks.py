"""Where events go out: one attempt at a time, by whatever technology the address names."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType, Protocol

from shared.domain.events.addresses import origin_of
from shared.domain.events.delivery import Attempted
from shared.domain.events.endpoint import Content
from shared.domain.events.flavour import Flavour
from shared.domain.ids import ConnectionId, EventId

SinkChoices = NewType("SinkChoices", frozenset[str])
"""Addresses of sinks that an endpoint may name."""


@dataclass(frozen=True, slots=True)
class EventSettings:
    """What a deployment says of its events.

    `secrets` sign what goes to a connection's own address, newest first; `sinks` are told of
    every event.
    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    sinks: tuple[str, ...] = ()
    flavour: Flavour = Flavour.POSTROOM
    """Of what goes to a connection's own address."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One place an event goes to: an http(s) address, `pubsub:...` or `sqs:...`."""

    id: str
    """The endpoint's id, the connection's own address, or the sink's address."""
    address: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What a webhook is signed with, newest first."""
    flavour: Flavour = Flavour.POSTROOM
    content: Content = Content.NONE

    @property
    def scheme(self) -> str:
        """Which technology it is."""
        return self.address.partition(":")[0].lower()

    @property
    def origin(self) -> str:
        """What its attempts are counted by: of several addresses on one host all are one."""
        return origin_of(self.address)


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """One event as bytes, at the time of one attempt."""

    event_id: EventId
    connection_id: ConnectionId
    type: str
    body: bytes
    at: datetime
    trace_id: str | None = None


class Sink(Protocol):
    """One technology of delivery."""

    async def __call__(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        """Make one attempt and answer what it came to; raises nothing for the receiver's sake."""
        ...


class WebhookSink(Sink, Protocol):
    """Delivery to an http(s) address; it needs no right at Google."""


class Sinks(Protocol):
    """Every technology, by the scheme of an address."""

    def of(self, receiver: Receiver) -> Sink | None:
        """Return the receiver's technology, None where this deployment has no such one."""
        ...
