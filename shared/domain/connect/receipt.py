"""What a disconnect leaves: proof of what was undone, without a trace of whose mail it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.ids import ConnectionId

KEPT = timedelta(days=3 * 365)
"""Long enough for an audit; then the store deletes it."""
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class DeletionReceipt:
    """`steps` says of each step how it ended and when; `finished_at` None means under way.

    `records_deleted` counts what was counted: a crash between a deletion and its count leaves at
    most that run's portion out.
    """

    connection_id: ConnectionId
    accepted_at: datetime
    expires_at: datetime
    steps: Mapping[str, str] = field(default_factory=dict)
    records_deleted: int = 0
    finished_at: datetime | None = None
    schema_version: int = SCHEMA_VERSION

    def with_step(self, name: str, outcome: str) -> "DeletionReceipt":
        """Return the receipt with a step's outcome; the first outcome written stays."""
        return replace(self, steps={name: outcome} | dict(self.steps))
