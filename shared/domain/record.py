"""What Postroom stores of a message, and the changes a commit makes to it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.domain.ids import HistoryId, LabelId, MessageId, SequenceNumber, ThreadId

SCHEMA_VERSION = 1
DRAFT = LabelId("DRAFT")
CHAT = LabelId("CHAT")


class Origin(StrEnum):
    """What made a record appear; only `live` and `recovery` raise per-change events."""

    LIVE = "live"
    BACKFILL = "backfill"
    RECOVERY = "recovery"
    AUDIT = "audit"


class LastAction(StrEnum):
    """What the newest commit did to a record."""

    ADDED = "ADDED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class RecordHead:
    """A record without its payload: what the sync needs to decide.

    `fetched_at_history` is the message's own historyId when it was fetched: label changes at or
    below it are already in. `history_id` is the last change known to have touched it.
    """

    message_id: MessageId
    thread_id: ThreadId
    label_ids: frozenset[LabelId]
    history_id: HistoryId
    fetched_at_history: HistoryId
    internal_date: datetime
    sequence: SequenceNumber
    origin: Origin
    first_seen_at: datetime
    last_modified_at: datetime
    last_action: LastAction = LastAction.ADDED
    deleted_at: datetime | None = None
    pruned_at: datetime | None = None
    schema_version: int = SCHEMA_VERSION

    @property
    def live(self) -> bool:
        """Whether the message still exists at Gmail, as far as is known."""
        return self.deleted_at is None

    def relabelled(
        self,
        label_ids: frozenset[LabelId],
        history_id: HistoryId,
        sequence: SequenceNumber,
        now: datetime,
    ) -> "RecordHead":
        """Answer the head after its labels became `label_ids`."""
        return replace(
            self,
            label_ids=label_ids,
            history_id=HistoryId(max(self.history_id, history_id)),
            sequence=sequence,
            last_modified_at=now,
            last_action=LastAction.UPDATED,
        )

    def deleted(self, sequence: SequenceNumber, now: datetime) -> "RecordHead":
        """Answer the head as a tombstone."""
        return replace(
            self,
            sequence=sequence,
            last_modified_at=now,
            last_action=LastAction.DELETED,
            deleted_at=now,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """A head and its payload: an EmailMessage as zlib-compressed JSON (`domain.payload`)."""

    head: RecordHead
    payload: bytes
    body_truncated: bool = False


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """A message that could not be stored yet: named, retried, never dropped."""

    message_id: MessageId
    reason: str
    attempts: int
    retry_at: datetime
    first_failed_at: datetime
    origin: Origin
    announced_at_history: HistoryId | None = None
