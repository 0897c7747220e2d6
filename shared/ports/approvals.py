"""Calls that wait for a person's word, and how much each key sent today."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.approval import Approval, ApprovalState
from shared.domain.event import Event
from shared.domain.ids import ConnectionId
from shared.domain.send_count import SendCount
from shared.ports.documents import Documents
from shared.ports.versioned import Versioned


class Approvals(Documents[Approval], Protocol):
    """Approvals by id; what they come to is told in the same commit."""

    async def open(self, value: Approval, event: Event) -> Versioned[Approval]:
        """Create one and write the event that asks for a decision, atomically.

        Raises AlreadyExistsError.
        """
        ...

    async def conclude(
        self, was: Versioned[Approval], now: Approval, event: Event
    ) -> Versioned[Approval]:
        """Swap and write the event that reports it, atomically.

        Raises ConflictError if it changed meanwhile.
        """
        ...

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[str]:
        """Answer ids of the shard's approvals that are due, most overdue first."""
        ...

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        state: ApprovalState | None,
        limit: int,
        until: datetime | None = None,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Approval]:
        """Answer approvals created until then, newest first; `among` names whose may be seen."""
        ...


class SendCounts(Documents[SendCount], Protocol):
    """Sends of a key in a UTC day, by `key:day`."""
