"""Events for the product, written in the same commit as what they report (DESIGN 7.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from shared.domain.ids import ConnectionId, EventId, shard_of

KEPT_AFTER_DELIVERY = timedelta(days=15)
"""How long a delivered event stays listed before the store deletes it."""
KEPT_UNDELIVERED = timedelta(days=30)
"""How long an event that no receiver takes lives, and can be redelivered once it was given up."""
SCHEMA_VERSION = 1


class EventType(StrEnum):
    """The `type` of a webhook body (API 7.2)."""

    AUTH = "auth"
    SYNC = "sync"
    ASYNC_ACTION = "async_action"
    SEND = "send"
    WATCH = "watch"
    APPROVAL = "approval"
    CONNECTION = "connection"


RECOVERED = frozenset({EventType.AUTH, EventType.SYNC, EventType.WATCH})
"""Types whose failures end, and are then followed by a success about the same subject."""


class EventState(StrEnum):
    """Where an event is on its way."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    OVERTAKEN = "overtaken"
    """It reports a failure, and its end was reported since: told now it would be no news."""


class DeliveryState(StrEnum):
    """How an event stands with one receiver."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to one receiver; `error` is a code of `domain/delivery.py`."""

    state: DeliveryState
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    waits_since: datetime | None = None
    """When it was first put off without an attempt, since the last one."""


@dataclass(frozen=True, slots=True)
class Event:
    """One outbox entry; `payload` is the webhook body without what delivery adds."""

    id: EventId
    connection_id: ConnectionId
    type: EventType
    payload: Mapping[str, Any]
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: int = 0
    state: EventState = EventState.PENDING
    claimed_until: datetime | None = None
    last_error: str | None = None
    trace_id: str | None = None
    delivered_at: datetime | None = None
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    """By receiver: what has it is not told again when another one failed."""
    webhook_url_override: str | None = None
    """Set where the connection, which names its receiver, may be gone at delivery."""
    expires_at: datetime | None = None
    """When the store deletes it: never None once made, for a payload may hold an address."""
    version: int | None = None
    """Grows within its subject (the grant, the records, the send, the watch), so that of two
    events the later one is known; None of events that an earlier release stored."""
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Give an event that no outcome has dated yet its longest life."""
        if self.expires_at is None:
            object.__setattr__(self, "expires_at", self.created_at + KEPT_UNDELIVERED)

    @property
    def shard(self) -> int:
        """Spread of the due index (FACTS 9.5)."""
        return shard_of(self.id)

    @property
    def is_farewell(self) -> bool:
        """Whether it reports the connection's own deletion: the one thing that outlives it."""
        return self.type is EventType.AUTH and self.payload.get("operation") == "deletion"

    @property
    def subject(self) -> tuple[Any, ...]:
        """What its version counts, within the connection: each sync's models have their own."""
        return (self.type, self.payload.get("syncName"), self.payload.get("model"))

    def is_overtaken_by(self, later: "Event") -> bool:
        """Whether `later` reports that the failure which this one reports is over."""
        if self.version is None or later.version is None or self.subject != later.subject:
            return False
        fails = self.payload.get("success") is False and self.type in RECOVERED
        return fails and later.payload.get("success") is True and later.version > self.version

    @property
    def extendable(self) -> bool:
        """Whether no delivery attempt has claimed it yet."""
        return (
            self.state is EventState.PENDING and self.attempts == 0 and self.claimed_until is None
        )


def new_event(
    connection_id: ConnectionId,
    type: EventType,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    version: int,
    trace_id: str | None = None,
) -> Event:
    """Return an event of an id of its own, due at once."""
    id = EventId(f"evt_{uuid4().hex}")
    return Event(id, connection_id, type, payload, now, now, trace_id=trace_id, version=version)
