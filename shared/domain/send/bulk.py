"""Many sends accepted at once and submitted one after the other (API 6.5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import ConnectionId, shard_of
from shared.domain.send.entry import Hold

BULK_LIFETIME: Final = timedelta(days=14)
"""After acceptance: what became of it is told so long."""
MAX_BULK: Final = 1_000


@dataclass(frozen=True, slots=True)
class BulkSend:
    """The durable state of a bulk; each message is a ledger entry of its own."""

    id: str
    connection_id: ConnectionId
    sends: tuple[str, ...]
    """Ledger ids, in the order in which they were given."""
    created_at: datetime
    updated_at: datetime
    next_due_at: datetime | None
    expires_at: datetime
    position: int = 0
    """How many were taken up: those before it are their own entries' business."""
    claimed_until: datetime | None = None
    claim: str | None = None
    hold: Hold | None = None
    """What keeps it from going on, at `next_due_at` again; None while it goes on."""
    finished_at: datetime | None = None
    """When the last one was taken up."""
    schema_version: int = 1

    @property
    def shard(self) -> int:
        """Spread of the due index (FACTS 9.5)."""
        return shard_of(self.id)

    def busy(self, now: datetime) -> bool:
        """Whether a worker is at it."""
        return self.claimed_until is not None and now < self.claimed_until
