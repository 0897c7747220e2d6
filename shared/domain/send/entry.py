"""A send as a ledger entry (DESIGN 6.1): its states, and what may follow what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from shared.domain.google.refusals import Concern
from shared.domain.ids import ConnectionId, MessageId, ThreadId, shard_of

KEY_LIFETIME: Final = timedelta(days=7)
"""After the final state: what the key did is told so long."""
UNFINISHED_LIFETIME: Final = timedelta(days=14)
"""After its time: a send that came to no end by then is not waited for any more."""
HELD_AT_MOST: Final = timedelta(days=1)
LIMITED_AT_MOST: Final = timedelta(hours=25)
"""How long a send waits for a limit to pass: Gmail's own last up to a day (FACTS 1.10)."""
SCHEMA_VERSION: Final = 1


class SendState(StrEnum):
    """Where a send is; `unknown` is a final state, never a guess."""

    ACCEPTED = "accepted"
    DRAFTED = "drafted"
    HELD = "held"
    """Nothing was sent, and a trouble that is not the message's has to pass first."""
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


@dataclass(frozen=True, slots=True)
class Hold:
    """Since when trouble of a class, the last one's, keeps a send or a bulk from going on."""

    concern: Concern
    since: datetime

    @property
    def until(self) -> datetime:
        """When what has waited since then is given up."""
        return self.since + HELD_AT_MOST


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
    """Random; carried in a header of the message, never the idempotency key."""
    mode: DeliveryMode
    state: SendState
    created_at: datetime
    updated_at: datetime
    idempotency_key: str = ""
    """As the caller gave it, so that events and listings name what the caller knows."""
    request: bytes = b""
    """Sealed request, kept until the send is final so that a crash can be finished."""
    send_at: datetime | None = None
    next_due_at: datetime | None = None
    claimed_until: datetime | None = None
    claim: str | None = None
    """Random, of the last write: how a writer knows its own write again."""
    attempts: int = 0
    started_at: datetime | None = None
    """When the first attempt began."""
    tried_at: datetime | None = None
    """When the request that submits it last left."""
    looks: int = 0
    """How often a submitted draft was looked for in vain."""
    draft_id: str | None = None
    draft_message_id: MessageId | None = None
    thread_id: ThreadId | None = None
    submitted_at: datetime | None = None
    message_id: MessageId | None = None
    rfc822_message_id: str | None = None
    hold: Hold | None = None
    """Left in place while a held send is tried again, and in its final state."""
    error: str | None = None
    """Of a final state why, of any other what the last attempt ran into."""
    error_message: str | None = None
    upstream: Mapping[str, Any] = field(default_factory=dict)
    """Gmail's own refusal: status, and body without addresses."""
    bounces: Mapping[str, Any] = field(default_factory=dict)
    """By message id of the delivery-status message: when it was noticed."""
    bulk_id: str | None = None
    trace_id: str | None = None
    expires_at: datetime | None = None
    """When the store deletes it: never None once made."""
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        """Give an entry that has no end yet its longest life."""
        if self.expires_at is None:
            begins = max(self.created_at, self.send_at or self.created_at)
            object.__setattr__(self, "expires_at", begins + UNFINISHED_LIFETIME)

    @property
    def shard(self) -> int:
        """Spread of the due index (FACTS 9.5)."""
        return shard_of(self.id)

    @property
    def traces(self) -> tuple[str, ...]:
        """What returned mail may carry of the send: its marker and its Message-ID."""
        return (self.marker, *((self.rfc822_message_id,) if self.rfc822_message_id else ()))

    @property
    def unsent_state(self) -> SendState:
        """Return where a held send goes on: with its draft, if one was made."""
        return SendState.DRAFTED if self.draft_id else SendState.ACCEPTED

    @property
    def held_until(self) -> datetime:
        """When it is held no longer: a day after it was to go out."""
        return (self.send_at or self.started_at or self.created_at) + HELD_AT_MOST

    def busy(self, now: datetime) -> bool:
        """Whether a worker is at it."""
        return self.claimed_until is not None and now < self.claimed_until

    def waiting(self, now: datetime) -> bool:
        """Whether a worker goes on with it, but not yet."""
        return self.next_due_at is not None and now < self.next_due_at


def send_id(connection_id: ConnectionId, idempotency_key: str) -> str:
    """Return the ledger id of (connection, key)."""
    return sha256(f"{connection_id}\0{idempotency_key}".encode()).hexdigest()
