"""Events on their way to the product, their receivers, and the log a person reads."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol, TypeVar

from shared.domain.bounded import BoundedMap
from shared.domain.events.endpoint import WebhookEndpoint
from shared.domain.events.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.ports.documents import Documents, Versioned

T = TypeVar("T")
Wake = Callable[[Versioned[Event]], Awaitable[None]]
"""Wakes the delivery of an event, once it is stored; raises nothing."""


async def wake_nothing(_event: Versioned[Event]) -> None:
    """Leave the event to reconcile."""


MOST_CLAIMED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Claimed:
    """Events that this process claimed by the commit that wrote them, until it tries them."""

    _stored: BoundedMap[EventId, Versioned[Event]] = field(
        default_factory=lambda: BoundedMap(MOST_CLAIMED)
    )

    def add(self, stored: Versioned[Event]) -> None:
        """Keep one as it was stored; one too many is found again by its claim's end."""
        self._stored[stored.value.id] = stored

    def take(self, id: EventId) -> Versioned[Event] | None:
        """Return it once; None where no commit of this process wrote it."""
        return self._stored.pop(id, None)


class FirstAttempts(Protocol):
    """The first attempt at an event, within the request that commits it: no task is needed."""

    async def beside(self, connection_id: ConnectionId, work: Awaitable[T]) -> T:
        """Await the work, looking up meanwhile who may want the connection's events.

        Raises what the work raises, and nothing of its own.
        """
        ...

    async def claim(self, event: Event) -> Event:
        """Return a new event claimed by this process, or settled where no receiver wants it.

        Return it as it is where the queue must see to it. Raises nothing.
        """
        ...

    async def __call__(self, ids: Sequence[EventId]) -> None:
        """Try what was claimed and is stored, for two seconds at most. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class DueEvent:
    """An event whose attempt is due, and since when."""

    id: EventId
    due_at: datetime


@dataclass(frozen=True, slots=True)
class LeaveToQueue:
    """First attempts where there are none: a task makes each."""

    async def beside(self, connection_id: ConnectionId, work: Awaitable[T]) -> T:  # noqa: ARG002
        """Await the work alone."""
        return await work

    async def claim(self, event: Event) -> Event:
        """Return it as it is."""
        return event

    async def __call__(self, ids: Sequence[EventId]) -> None:
        """Try nothing."""


LEAVE_TO_QUEUE: Final = LeaveToQueue()


class Outbox(Documents[Event], Protocol):
    """Events by id."""

    async def due(self, now: datetime, limit: int) -> Sequence[DueEvent]:
        """Return pending events whose attempt is due, most overdue first."""
        ...

    async def list(
        self,
        *,
        state: EventState | None,
        connection_id: ConnectionId | None,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Event]:
        """Return events created from `since` to `until`, newest first.

        `among` names the connections whose events may be seen, None everything.
        """
        ...


class Operations(Protocol):
    """The operations log; losing an entry never fails the work it describes."""

    async def append(self, *operations: Operation) -> None:
        """Write entries, all of them or none; writing one again changes nothing."""
        ...

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        type: OperationType | None,
        state: OperationState | None,
        limit: int,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Operation]:
        """Return entries, newest first.

        `among` names the connections whose entries may be seen, None everything: also what
        belongs to no connection.
        """
        ...


class WebhookEndpoints(Documents[WebhookEndpoint], Protocol):
    """Endpoints by id; there are few."""

    async def list(self) -> Sequence[Versioned[WebhookEndpoint]]:
        """Return all of them, oldest first."""
        ...
