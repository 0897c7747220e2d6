"""The state of one own sync of one connection, and what it decides: a pure function of the clock.

Tasks and schedules carry only names: `plan` reads this document and the row of the code's table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.domain.ids import CommitId, ConnectionId, EventId, LeaseToken, SequenceNumber, shard_of
from shared.domain.models.sync import OwnSync
from shared.domain.sync.state import Lease, SyncStatus, Tally

SCHEMA_VERSION: Final = 1
ADOPTION: Final = "models"
"""The name of the one document that says which syncs every connection was given."""
MOST_ABSENT: Final = 2_000
"""Ids that a listing may miss and that are remembered one by one until the next says so too."""


@dataclass(frozen=True, slots=True)
class Absence:
    """What the last listing did not show although it is stored, not deleted yet."""

    count: int = 0
    digest: str = ""
    ids: tuple[str, ...] = ()
    """Their hashes, where they are not too many."""
    held: bool = False
    """Whether so many were absent that nothing was believed."""


@dataclass(frozen=True, slots=True)
class ModelCounts:
    """What a sync knows of one of its models."""

    live: int = 0
    last: Tally = field(default_factory=Tally)
    open_event_id: EventId | None = None
    listed: str | None = None
    """Digest of the last whole listing: an equal one has nothing to compare."""
    absence: Absence = field(default_factory=Absence)


@dataclass(frozen=True, slots=True)
class ModelSyncState:
    """The one document that all who run a sync of a connection agree on, by compare-and-set."""

    connection_id: ConnectionId
    sync: str
    status: SyncStatus = SyncStatus.RUNNING
    version: int = 0
    """The row's version whose records these are; 0 before the first run."""
    checkpoint: Mapping[str, Any] | None = None
    after: SequenceNumber = SequenceNumber(0)  # noqa: RUF009  a NewType call is its argument
    """Of one that follows: the last message it has worked through."""
    lease: Lease | None = None
    commit_id: CommitId | None = None
    sequence: SequenceNumber = SequenceNumber(0)  # noqa: RUF009  as above
    next_due_at: datetime | None = None
    scheduled_at: datetime | None = None
    """When its next run begins by itself."""
    frequency: timedelta | None = None
    """The connection's own choice; None is the row's."""
    wakes_wanted: int = 0
    """How often a run was asked for."""
    wakes_taken: int = 0
    began_at: datetime | None = None
    """When the run under way began; None between runs."""
    initial: bool = True
    """Whether no run has finished yet: nothing is told before."""
    listing: bool = False
    """Whether a listing was open when its first page was committed, and has not closed."""
    broken_listings: int = 0
    audited_at: datetime | None = None
    """When a run last began without a checkpoint."""
    emptying: bool = False
    deferred_until: datetime | None = None
    quarantine_due_at: datetime | None = None
    quarantined: int = 0
    last_finished_at: datetime | None = None
    last_error: str | None = None
    error_site: str | None = None
    failing_since: datetime | None = None
    failures: int = 0
    models: Mapping[str, ModelCounts] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def id(self) -> str:
        """Its name among all states."""
        return state_id(self.connection_id, self.sync)

    @property
    def shard(self) -> int:
        """Spread of the due index (FACTS 9.5)."""
        return shard_of(self.id)

    @property
    def wanted(self) -> bool:
        """Whether a run was asked for that no later one has answered."""
        return self.wakes_wanted > self.wakes_taken

    def is_held(self, now: datetime) -> bool:
        """Whether the lease is alive, in any hand."""
        return self.lease is not None and now < self.lease.expires_at

    def held_by(self, token: LeaseToken) -> bool:
        """Whether the lease is the one with this token, alive or not."""
        return self.lease is not None and self.lease.token == token

    def of(self, model: str) -> ModelCounts:
        """Return what is known of the model."""
        return self.models.get(model, ModelCounts())

    def with_model(self, model: str, counts: ModelCounts) -> "ModelSyncState":
        """Return it with this known of the model."""
        return replace(self, models={**self.models, model: counts})

    def counting_anew(self) -> "ModelSyncState":
        """Return it with the counts of its last run at nothing."""
        models = {model: replace(one, last=Tally()) for model, one in self.models.items()}
        return replace(self, models=models)

    def with_wake(self, now: datetime) -> "ModelSyncState":
        """Ask for a run now: counted, so that a run under way cannot answer it."""
        return replace(self, wakes_wanted=self.wakes_wanted + 1, next_due_at=now)

    def afresh(self, now: datetime) -> "ModelSyncState":
        """Ask for a run from the beginning; sequence numbers go on, what is equal keeps its own."""
        fresh = replace(self, checkpoint=None, after=SequenceNumber(0), began_at=None)
        fresh = replace(fresh, deferred_until=None, failures=0, audited_at=None, listing=False)
        models = {model: replace(one, listed=None) for model, one in self.models.items()}
        return replace(fresh, models=models).with_wake(now)


def state_id(connection_id: ConnectionId, sync: str) -> str:
    """Return the name of a state among all states; no sync's name has a colon."""
    return f"{connection_id}:{sync}"


def plan(state: ModelSyncState, row: OwnSync, now: datetime) -> datetime | None:
    """Return when it is to run next: `now` or earlier means at once, None only when asked.

    Code of an older version than the records does nothing: two versions run beside each other
    while one is deployed.
    """
    if state.status is not SyncStatus.RUNNING or row.version < state.version:
        return None
    if state.deferred_until is not None and now < state.deferred_until:
        return state.deferred_until
    if state.emptying or state.began_at is not None or state.wanted or state.version < row.version:
        return now
    times = (state.scheduled_at, state.quarantine_due_at)
    return min((time for time in times if time is not None), default=None)


@dataclass(frozen=True, slots=True)
class Adoption:
    """Which table of syncs every connection is being, or was, looked at for."""

    id: str = ADOPTION
    fingerprint: str = ""
    place: str | None = None
    """Where the walk over connections goes on; None at its beginning."""
    finished: bool = False
    schema_version: int = SCHEMA_VERSION
