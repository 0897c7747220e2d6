"""API keys, calls that wait for a person, and how much each key sent today."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ApiKey
from shared.domain.keys.approval import Approval, ApprovalState
from shared.domain.keys.console_session import ConsoleSession
from shared.domain.send.count import SendCount
from shared.ports.documents import Documents, Versioned


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

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of approvals that are due, most overdue first."""
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
        """Return approvals created until then, newest first; `among` names whose may be seen."""
        ...


class SendCounts(Documents[SendCount], Protocol):
    """Sends of a key in a UTC day, by `key:day`."""


class ApiKeys(Documents[ApiKey], Protocol):
    """Keys by id."""

    async def list(self, limit: int) -> Sequence[ApiKey]:
        """Return keys, newest first, revoked and expired ones too."""
        ...

    async def children(self, parent: str, limit: int) -> Sequence[ApiKey]:
        """Return keys that this one made, in no order, revoked and expired ones too."""
        ...


class ConsoleSessions(Documents[ConsoleSession], Protocol):
    """Sessions of the console by id; there are few."""

    async def list(self, limit: int) -> Sequence[ConsoleSession]:
        """Return sessions, newest first, those that ran out and are not swept yet too."""
        ...


class ErrorDescription(Protocol):
    """Tells an error as data to be kept, without what only its caller may see."""

    def __call__(self, error: BaseException, trace_id: str = "") -> Mapping[str, Any]:
        """Return its status and its body."""
        ...
