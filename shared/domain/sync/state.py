"""The sync state of one connection: everything that decides what happens next (DESIGN 4.1).

Pushes, tasks and schedules carry only a connection id. `plan` reads this document and the clock.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.connect.connection import DEFAULT_WINDOW
from shared.domain.ids import (
    CommitId,
    ConnectionId,
    EventId,
    HistoryId,
    LeaseToken,
    MessageId,
    PageToken,
    SequenceNumber,
    shard_of,
)
from shared.domain.sync.records.record import Origin
from shared.domain.sync.selection import Selection
from shared.errors import RateLimitedError

SCHEMA_VERSION = 1
LEASE_LIFETIME = timedelta(seconds=60)
RECHECK_LADDER = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
IN_HAND = 200
"""Most messages that one step reads."""
LOOKBACK_AFTER = timedelta(minutes=2)
SECOND_LOOK_AFTER = timedelta(seconds=1.8)
"""Gmail drops what it would announce within a second of a push, and says nothing (FACTS 2.3)."""


class SyncStatus(StrEnum):
    """Who may sync: `stopped` fences everyone out for ever, `paused` until started."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Lease:
    """Timed sole right to sync the connection."""

    token: LeaseToken
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Backfill:
    """Progress through the window, newest first; done when a whole pass finds nothing unknown."""

    window_start: datetime | None
    """Fixed when the backfill begins; None reads all mail."""
    started_at: datetime
    origin: Origin = Origin.BACKFILL
    page_token: PageToken | None = None
    pass_number: int = 1
    labels_done: int = 0
    """How many of the selection's labels this pass has listed to their end."""
    unknown_in_pass: int = 0
    pass_since: HistoryId | None = None
    """Where history stood when this pass began."""
    listed: int = 0
    stored: int = 0
    estimated_total: int | None = None
    paced: timedelta = timedelta()
    """What it has cost of the quota so far, as the time in which that accrues."""
    finished_at: datetime | None = None

    def begun_again(self) -> "Backfill":
        """Return it at the beginning of a pass."""
        return replace(
            self, page_token=None, labels_done=0, unknown_in_pass=0, pass_since=None, listed=0
        )


@dataclass(frozen=True, slots=True)
class Recheck:
    """A push promised history up to `promised` that listing has not shown (FACTS 3.6)."""

    promised: HistoryId
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Lookback:
    """List once more from `since`, the checkpoint held before a burst."""

    since: HistoryId
    mark: HistoryId
    """The checkpoint when this was set: what came after it needs a look of its own."""
    at: datetime
    """From then on the next look, whatever it is for, lists from `since`."""
    alone: bool = True
    """Whether `at` brings a look of its own: no push announced the move, or nothing was shown."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """The message that is being read alone: a worker that dies now died of it."""

    message_id: MessageId
    origin: Origin


@dataclass(frozen=True, slots=True)
class Audit:
    """A comparison of the whole window with the records; its counts are what it had to heal.

    `missing` were listed by Gmail and not stored, `gone` were stored and are no longer there,
    `relabelled` were stored under other labels.
    """

    requested_at: datetime
    finished_at: datetime | None = None
    listed: int = 0
    missing: int = 0
    gone: int = 0
    relabelled: int = 0

    @property
    def coverage(self) -> float:
        """Return the share of the listed messages that was stored rightly before healing."""
        wrong = min(self.listed, self.missing + self.relabelled)
        return 1.0 if self.listed == 0 else 1.0 - wrong / self.listed


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of records that one run changed."""

    added: int = 0
    updated: int = 0
    deleted: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.added + other.added,
            self.updated + other.updated,
            self.deleted + other.deleted,
        )

    @property
    def total(self) -> int:
        """How many records changed."""
        return self.added + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class SyncState:
    """The one document all writers of a connection agree on, by compare-and-set."""

    connection_id: ConnectionId
    status: SyncStatus = SyncStatus.RUNNING
    checkpoint: HistoryId | None = None
    hint: HistoryId | None = None
    """The highest notified history ID; put back where its recheck ladder did not find it."""
    lease: Lease | None = None
    commit_id: CommitId | None = None
    sequence: SequenceNumber = SequenceNumber(0)  # noqa: RUF009  a NewType call is its argument
    next_due_at: datetime | None = None
    delta_due_at: datetime | None = None
    """When history is read even if no push came."""
    looks_wanted: int = 0
    """How often a caller asked for a look at history, now."""
    looks_taken: int = 0
    """How many of them a listing that began later has answered."""
    frequency: timedelta = timedelta(hours=1)
    """How long a connection that hears nothing may go unread."""
    window: str = DEFAULT_WINDOW
    """The wish that `window_start` was, or will be, fixed from."""
    window_start: datetime | None = None
    selection: Selection = field(default_factory=Selection)
    """What of the window is kept."""
    backfill: Backfill | None = None
    recovering_since: datetime | None = None
    recheck: Recheck | None = None
    lookback: Lookback | None = None
    second_look_at: datetime | None = None
    """When the look that a push caused is repeated, for what Gmail dropped beside that push."""
    quarantine_due_at: datetime | None = None
    audit: Audit | None = None
    """The audit asked for last; under way until it is finished."""
    emptying: bool = False
    """Whether every record is to be deleted before the window is read again."""
    deferred_until: datetime | None = None
    """Google asked for a long pause: nothing calls it before then."""
    open_event_id: EventId | None = None
    """The sync event that later commits may still extend."""
    followed: bool = False
    """Whether own syncs follow the records: then they are woken after a commit."""
    woken_sequence: SequenceNumber = SequenceNumber(0)  # noqa: RUF009  as above
    """Up to which record they have been woken."""
    woken_whole: bool = False
    """Whether they have been woken since the window was first wholly read."""
    woken_at: datetime | None = None
    live_records: int = 0
    skipped_unknown: int = 0
    """Label changes on messages outside the window."""
    unannounced_at: datetime | None = None
    """When changes were found that no push had announced within two minutes: a silent watch."""
    careful: int = 0
    """Messages still to be read one at a time: a worker died with as many in hand, at most."""
    suspect: Suspect | None = None
    last_delta_at: datetime | None = None
    last_finished_at: datetime | None = None
    last_tally: Tally = Tally()
    last_error: str | None = None
    failing_since: datetime | None = None
    """When the first of the failures was whose end is not in sight yet."""
    failures: int = 0
    """Runs in a row that ended in a transient error."""
    schema_version: int = SCHEMA_VERSION

    @property
    def shard(self) -> int:
        """Spread of the due index (FACTS 9.5)."""
        return shard_of(self.connection_id)

    @property
    def backfilling(self) -> bool:
        """Whether the window is not wholly read yet."""
        return self.backfill is not None and self.backfill.finished_at is None

    @property
    def owes_wake(self) -> bool:
        """Whether followers have not been told of the newest records, or of the backfill's end."""
        if not self.followed:
            return False
        whole = self.backfill is not None and self.backfill.finished_at is not None
        return self.sequence > self.woken_sequence or (whole and not self.woken_whole)

    def followers_woken(self, now: datetime) -> "SyncState":
        """Return it with nothing owed."""
        whole = self.woken_whole or (self.backfill is not None and not self.backfilling)
        return replace(self, woken_sequence=self.sequence, woken_whole=whole, woken_at=now)

    @property
    def auditing(self) -> bool:
        """Whether an audit was asked for and has not finished."""
        return self.audit is not None and self.audit.finished_at is None

    @property
    def unmet_hint(self) -> HistoryId | None:
        """Return the hint that no delta has met, if any."""
        met = self.hint is None or self.hint <= (self.checkpoint or 0)
        return None if met else self.hint

    @property
    def look_wanted(self) -> bool:
        """Whether history is to be read now, whatever the hint and the clock say."""
        return self.looks_wanted > self.looks_taken

    def wanting_look(self) -> "SyncState":
        """Ask for a look: counted, not timed, so that a listing under way cannot answer it."""
        return replace(self, looks_wanted=self.looks_wanted + 1)

    def is_limited(self, now: datetime) -> bool:
        """Whether it waits for a rate limit to pass, Google's or the governor's: none shortens it.

        Every other wait follows a failure, which it names.
        """
        waits = self.deferred_until is not None and now < self.deferred_until
        return waits and self.last_error in {None, RateLimitedError.code}

    def looked_at(self, now: datetime) -> "SyncState":
        """Return it with a look allowed now; the ladder of failures keeps its rung."""
        return self if self.is_limited(now) else replace(self, deferred_until=None)

    def without_wait(self, now: datetime) -> "SyncState":
        """Return it as if it had never failed: a look now, no wait that failures left.

        Only a rate limit goes on. Messages in quarantine have a ladder of their own.
        """
        fresh = self.looked_at(now).wanting_look()
        due = fresh.deferred_until or now
        if fresh.deferred_until is None:
            fresh = fresh.without_error()
        return replace(fresh, delta_due_at=now, recheck=None, next_due_at=due)

    def awaits_second_look(self, now: datetime) -> bool:
        """Whether the look that a push caused is still to be repeated."""
        return self.second_look_at is not None and now < self.second_look_at

    def failing(self, code: str, now: datetime) -> "SyncState":
        """Return it as failing for this reason; it may have been failing before."""
        return replace(self, last_error=code, failing_since=self.failing_since or now)

    def without_error(self) -> "SyncState":
        """Return it as one that works."""
        return replace(self, last_error=None, failing_since=None, failures=0)

    def is_held(self, now: datetime) -> bool:
        """Whether the lease is alive, in any hand."""
        return self.lease is not None and now < self.lease.expires_at

    def held_by(self, token: LeaseToken) -> bool:
        """Whether the lease is the one with this token, alive or not."""
        return self.lease is not None and self.lease.token == token

    def taken_over(self) -> "SyncState":
        """Return it as the next worker gets it: what a dead one had in hand is read with care."""
        if self.lease is None:
            return replace(self, suspect=None)
        return replace(self, careful=IN_HAND)

    def holding(self, suspect: Suspect) -> "SyncState":
        """Return it while one message is read alone."""
        return replace(self, suspect=suspect, careful=max(self.careful - 1, 0))

    def due_by(self, when: datetime) -> "SyncState":
        """Move the next due time earlier if `when` is; never later."""
        if self.next_due_at is not None and self.next_due_at <= when:
            return self
        return replace(self, next_due_at=when)
