"""A queue and a token endpoint that fail when told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.google.parts import Google
from shared.domain.ids import ConnectionId
from shared.errors import (
    GoogleOAuthUnavailableError,
    GrantRevokedError,
    QueueUnavailableError,
    SessionPolicyError,
)
from shared.ports.queue import Task
from shared.ports.sends import BulkSends, Sends
from tests.chaos.witness import Trouble, no_trouble
from tests.harness.google import EMAIL
from tests.harness.queue import HeldTasks

SCOPES = frozenset({"https://mail.google.com/"})


@dataclass
class ShakyTasks(HeldTasks):
    """A queue that may not answer; a second task of a name is dropped (FACTS 8.11)."""

    trouble: Trouble = no_trouble
    names: set[str] = field(default_factory=set)

    async def enqueue(self, task: Task) -> None:
        """Keep the task. Raises QueueUnavailableError."""
        lost = self.trouble("enqueue")
        if lost != "request" and (task.name is None or task.name not in self.names):
            self.tasks.append(task)
            self.names.update({task.name} if task.name else ())
        if lost:
            raise QueueUnavailableError("The queue did not answer.")


@dataclass
class TokenSource:
    """Gives out access tokens while the emulated Google accepts the grant."""

    google: Google
    held: str | None = None

    async def __call__(self, connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        """Return a token other than the rejected one."""
        if self.held is not None and self.held != rejected:
            return self.held
        if self._struck("grant_revoked"):
            raise GrantRevokedError("Revoked.")
        if self._struck("invalid_rapt"):
            raise SessionPolicyError("Sign in again.")
        if self._struck("token_5xx"):
            raise GoogleOAuthUnavailableError("Later.")
        now = self.google.clock.now().timestamp()
        self.held = self.google.grants.new_access_token(EMAIL, SCOPES, now)
        return self.held

    def _struck(self, fault: str) -> bool:
        return self.google.faults.take(fault, "token", EMAIL) is not None


@dataclass
class HeldSends:
    """A ledger of sends or bulks, with entries that are due once."""

    sends: Sends | BulkSends
    waiting: list[str] = field(default_factory=list)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return them."""
        found, self.waiting = self.waiting, []
        return found

    def __getattr__(self, name: str) -> Any:
        """Do everything else as the ledger does."""
        return getattr(self.sends, name)
