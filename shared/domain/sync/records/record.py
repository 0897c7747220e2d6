"""What Postroom stores of a message, and the changes a commit makes to it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.domain.ids import HistoryId, LabelId, MessageId, SequenceNumber, ThreadId

SCHEMA_VERSION = 1
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ARRIVAL_SHIFT: Final = 20
"""Bits of a message id below those that tell its arrival in milliseconds since 1970 (observed)."""
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


class EndReason(StrEnum):
    """Why a record became a tombstone, or a shell: `pruned` while its message still exists."""

    DELETED = "deleted"
    LEFT_SELECTION = "left_selection"
    EMPTIED = "emptied"
    PRUNED = "pruned"


EARLIER_KEPT = 12
"""States remembered of a record's past; most messages never have more."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a record was before: labels and existence are all of it that ever changes."""

    at: datetime
    label_ids: frozenset[LabelId]
    live: bool


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
    reason: EndReason | None = None
    """Of a tombstone, why the record ended; what is shown of a pruned one is `why`."""
    earlier: tuple[Earlier, ...] = ()
    """Its past, oldest first, up to EARLIER_KEPT: what a projection made of it then."""
    schema_version: int = SCHEMA_VERSION

    @property
    def live(self) -> bool:
        """Whether the message still exists at Gmail, as far as is known."""
        return self.deleted_at is None

    @property
    def why(self) -> EndReason | None:
        """Why there is no message, or only its head; None where there is one."""
        pruned = self.live and self.pruned_at is not None
        return EndReason.PRUNED if pruned else self.reason

    @property
    def arrived_at(self) -> datetime:
        """When the message reached the mailbox, which its id tells in the upper 44 of 64 bits.

        `internal_date` lies before it by seconds, now and then by half an hour, and years before
        it where old mail was imported; an id that tells nothing leaves that.
        """
        try:
            told = EPOCH + timedelta(milliseconds=int(self.message_id, 16) >> ARRIVAL_SHIFT)
        except (ValueError, OverflowError):
            return self.internal_date
        return max(told, self.internal_date)

    def past(self) -> tuple[Earlier, ...]:
        """Return the past of whatever takes this head's place."""
        now = Earlier(self.last_modified_at, self.label_ids, self.live)
        return (*self.earlier, now)[-EARLIER_KEPT:]

    def with_labels(
        self,
        label_ids: frozenset[LabelId],
        history_id: HistoryId,
        sequence: SequenceNumber,
        now: datetime,
    ) -> "RecordHead":
        """Return the head after its labels became `label_ids`."""
        return replace(
            self,
            label_ids=label_ids,
            history_id=HistoryId(max(self.history_id, history_id)),
            sequence=sequence,
            last_modified_at=now,
            last_action=LastAction.UPDATED,
            earlier=self.past(),
        )

    def tombstone(
        self,
        sequence: SequenceNumber,
        now: datetime,
        reason: EndReason = EndReason.DELETED,
        label_ids: frozenset[LabelId] | None = None,
    ) -> "RecordHead":
        """Return the head as a tombstone, which stays as long as the connection.

        `label_ids` are those it had in the end, where they had changed too.
        """
        return replace(
            self,
            label_ids=self.label_ids if label_ids is None else label_ids,
            sequence=sequence,
            last_modified_at=now,
            last_action=LastAction.DELETED,
            deleted_at=now,
            reason=reason,
            earlier=self.past(),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """A head and its payload: an EmailMessage as packed JSON (`domain.sync.payload`)."""

    head: RecordHead
    payload: bytes
    body_truncated: bool = False
    terms: tuple[str, ...] = ()
    """What it can be found by (`domain.sync.search`); emptied with the payload."""


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """A message that could not be stored yet: named, retried, never dropped."""

    message_id: MessageId
    reason: str
    attempts: int
    retry_at: datetime
    first_failed_at: datetime
    origin: Origin
