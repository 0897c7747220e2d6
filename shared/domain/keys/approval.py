"""A call that waits for a person's word, and what became of it (API 8.4).

What the call says, what it answers and what a person was shown of it are mail: they are sealed
with the connection's data key, so that disconnecting shreds them.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

from shared.domain.connect.connection import INTEGRATION
from shared.domain.events.event import Event, EventType
from shared.domain.ids import ConnectionId, EventId, shard_of
from shared.domain.troubles import error_object
from shared.errors import PermanentError

WAITS: Final = timedelta(days=3)
"""How long a person has to decide."""
KEPT: Final = timedelta(days=15)
"""After the end: what became of it is told so long."""
CLAIM: Final = timedelta(minutes=2)
"""How long the one who approved has to run the call before another worker takes it up."""
GIVEN_UP: Final = timedelta(hours=25)
"""After this long an approved call that only meets trouble ends as failed: a send, which is tried
for a day, has had its own last word by then."""
MAX_REASON: Final = 1_000
SCHEMA_VERSION: Final = 1


class ApprovalState(StrEnum):
    """What was decided; whether an approved call has run is told by `finished_at`."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """One call that was asked for, by which key, and who said what to it."""

    id: str
    connection_id: ConnectionId
    key: str
    """The key that asked, as logs name it."""
    action: str
    does: str
    request_hash: str
    state: ApprovalState
    created_at: datetime
    waits_until: datetime
    expires_at: datetime
    next_due_at: datetime | None
    """When a worker has to look: it expires, or was approved and has not run."""
    request: bytes = b""
    """Sealed: the arguments it will run with, and what a person is shown of them."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    """Of a rejection, as the caller is told it."""
    finished_at: datetime | None = None
    succeeded: bool | None = None
    error: str | None = None
    """The code of what the run ended with, or of what its last attempt ran into."""
    answer: bytes = b""
    """Sealed: the output, or the error as the API shows it."""
    attempts: int = 0
    trace_id: str | None = None
    schema_version: int = SCHEMA_VERSION

    @property
    def shard(self) -> int:
        """Spread of the due index (FACTS 9.5)."""
        return shard_of(self.id)

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        ended = {ApprovalState.REJECTED, ApprovalState.EXPIRED}
        return self.state in ended or self.finished_at is not None

    @property
    def run_key(self) -> str:
        """The idempotency key the call runs under: approving twice runs it once."""
        return f"approval:{self.id}"

    def has_lapsed(self, now: datetime) -> bool:
        """Whether no person decided in time."""
        return self.state is ApprovalState.PENDING and now >= self.waits_until

    def is_claimed(self, now: datetime) -> bool:
        """Whether it was approved and a worker is running it."""
        approved = self.state is ApprovalState.APPROVED and self.finished_at is None
        return approved and self.next_due_at is not None and now < self.next_due_at

    def with_decision(
        self, state: ApprovalState, now: datetime, by: str | None, reason: str | None = None
    ) -> "Approval":
        """Return it with a person's word, or as expired without one."""
        return replace(
            self,
            state=state,
            decided_by=by,
            decided_at=now,
            reason=reason,
            next_due_at=now + CLAIM if state is ApprovalState.APPROVED else None,
            expires_at=now + KEPT,
        )

    def with_attempt(self, now: datetime, error: str | None = None) -> "Approval":
        """Return it as taken up now, or, after trouble, to be taken up later."""
        attempts = self.attempts + (error is None)
        return replace(self, attempts=attempts, next_due_at=now + CLAIM, error=error)

    def with_outcome(self, now: datetime, answer: bytes, error: str | None) -> "Approval":
        """Return it with what the run came to."""
        return replace(
            self,
            finished_at=now,
            succeeded=error is None,
            error=error,
            answer=answer,
            next_due_at=None,
            expires_at=now + KEPT,
        )


def approval_id(key: str, connection_id: ConnectionId, idempotency_key: str | None) -> str:
    """Return the same id for the same call again; a call without a key is always a new one."""
    if idempotency_key is None:
        return f"apr_{token_hex(16)}"
    payload = f"{key}\0{connection_id}\0{idempotency_key}"
    return f"apr_{sha256(payload.encode()).hexdigest()[:32]}"


STEPS = {"requested": 1, "approved": 2, "rejected": 2, "expired": 2, "finished": 3}
"""The operations of its events, in their order."""


def approval_event(approval: Approval, operation: str, now: datetime) -> Event:
    """Return the event; `operation` is requested, approved, rejected, expired or finished.

    Its id is the approval's and the operation's, so that each is told once.
    """
    payload: dict[str, Any] = {
        "from": "postroom",
        "type": EventType.APPROVAL.value,
        "operation": operation,
        "connectionId": approval.connection_id,
        "providerConfigKey": INTEGRATION,
        "success": approval.succeeded is not False and approval.state is not ApprovalState.EXPIRED,
        "approval": {
            "id": approval.id,
            "action": approval.action,
            "state": approval.state.value,
            "statusUrl": f"/approvals/{approval.id}",
        },
    }
    if approval.finished_at is not None and approval.error is not None:
        payload["error"] = error_object(approval.error, "The approved call failed.")
    return Event(
        id=EventId(f"{approval.id}-{operation}"),
        connection_id=approval.connection_id,
        type=EventType.APPROVAL,
        payload=payload,
        created_at=now,
        next_attempt_at=now,
        trace_id=approval.trace_id,
        version=STEPS[operation],
    )


class ApprovalDecidedError(PermanentError):
    """A call that was rejected or approved, or ran out of time: it stays so."""

    code = "approval_decided"


class ApprovedCallFailedError(PermanentError):
    """A call that a person approved came to nothing; `code` is that of what it failed with."""
