"""The send ledger, bulks of sends, and the results of other actions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId
from shared.domain.send.bulk import BulkSend
from shared.domain.send.entry import SendEntry, SendState
from shared.ports.documents import Documents, Versioned
from shared.ports.google.gmail import GmailObject


class Sends(Documents[SendEntry], Protocol):
    """Ledger entries by `send_id(connection, key)`."""

    async def conclude(
        self, was: Versioned[SendEntry], now: SendEntry, event: Event
    ) -> Versioned[SendEntry]:
        """Swap and write the event that reports it, atomically.

        Raises ConflictError if the entry changed meanwhile.
        """
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of unfinished entries that are due, most overdue first."""
        ...

    async def list(
        self,
        connection_id: ConnectionId | None,
        limit: int,
        *,
        state: SendState | None = None,
        until: datetime | None = None,
    ) -> Sequence[SendEntry]:
        """Return entries created up to `until`, newest first, without their sealed requests."""
        ...

    async def many(self, ids: Sequence[str]) -> Mapping[str, SendEntry]:
        """Return those entries that exist, by id, without their sealed requests."""
        ...

    async def list_traced(
        self, connection_id: ConnectionId, traces: Sequence[str]
    ) -> Sequence[SendEntry]:
        """Return the connection's entries that have one of the (at most 30) traces."""
        ...


class BulkSends(Documents[BulkSend], Protocol):
    """Bulks by id."""

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of unfinished bulks that are due, most overdue first."""
        ...

    async def list_unfinished(self, connection_id: ConnectionId, limit: int) -> Sequence[BulkSend]:
        """Return a connection's unfinished bulks, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The stored answer to an action with an effect; `output` is None while it runs."""

    id: str
    connection_id: ConnectionId
    action: str
    request_hash: str
    created_at: datetime
    expires_at: datetime
    output: Any = None
    error: Any = None
    finished_at: datetime | None = None
    schema_version: int = 1


class ActionResults(Documents[ActionResult], Protocol):
    """Idempotency of actions other than sends, and results of asynchronous ones."""


class HeldSends(Protocol):
    """Wakes what is held on a connection, because its trouble may be over."""

    async def __call__(self, connection_id: ConnectionId) -> int:
        """Return how many were woken. Raises StoreUnavailableError."""
        ...


async def wake_no_send(connection_id: ConnectionId) -> int:
    """Wake nothing, where no sends are."""
    del connection_id
    return 0


class BounceRecorder(Protocol):
    """Ties delivery-status messages to sends, before they are committed; again after a crash."""

    async def __call__(self, connection_id: ConnectionId, reports: Sequence[GmailObject]) -> None:
        """Record what the reports say. Raises StoreUnavailableError, TransientError of Gmail."""
        ...
