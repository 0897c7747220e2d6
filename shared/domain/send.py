"""A send as a ledger entry (DESIGN 6): its states, and what may follow what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from shared.domain.ids import ConnectionId, MessageId, ThreadId

KEY_LIFETIME = timedelta(days=7)
MARKER_HEADER = "X-Postroom-Send"
SCHEMA_VERSION = 1


class SendState(StrEnum):
    """Where a send is; `unknown` is a final state, never a guess."""

    ACCEPTED = "accepted"
    DRAFTED = "drafted"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in {
            SendState.SUBMITTED,
            SendState.FAILED,
            SendState.UNKNOWN,
            SendState.CANCELLED,
        }


class DeliveryMode(StrEnum):
    """How a send reaches Gmail."""

    EXACTLY_ONCE = "exactly_once"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class SendEntry:
    """The durable state of one send."""

    id: str
    connection_id: ConnectionId
    request_hash: str
    marker: str
    """Random; carried in a header of the draft, never the idempotency key."""
    mode: DeliveryMode
    state: SendState
    created_at: datetime
    updated_at: datetime
    request: bytes = b""
    """Sealed request, kept until the send is final so that a crash can be finished."""
    send_at: datetime | None = None
    next_due_at: datetime | None = None
    claimed_until: datetime | None = None
    attempts: int = 0
    looks: int = 0
    """How often a submitted draft was looked for in vain."""
    draft_id: str | None = None
    draft_message_id: MessageId | None = None
    thread_id: ThreadId | None = None
    submitted_at: datetime | None = None
    message_id: MessageId | None = None
    rfc822_message_id: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    error_message: str | None = None
    bulk_id: str | None = None
    expires_at: datetime | None = None
    schema_version: int = SCHEMA_VERSION


def send_id(connection_id: ConnectionId, idempotency_key: str) -> str:
    """Answer the ledger id of (connection, key): the key itself is not stored."""
    return sha256(f"{connection_id}\0{idempotency_key}".encode()).hexdigest()
