"""Events on their way to the product, their receivers, and the log a person reads."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.events.endpoint import WebhookEndpoint
from shared.domain.events.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.ports.documents import Documents, Versioned

Wake = Callable[[Event], Awaitable[None]]
"""Wakes the delivery of an event, once it is stored; raises nothing."""


async def wake_nothing(_event: Event) -> None:
    """Leave the event to reconcile."""


@dataclass(frozen=True, slots=True)
class DueEvent:
    """An event whose attempt is due, and since when."""

    id: EventId
    due_at: datetime


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
