"""One worker's run over one connection: its ports, its lease, and how its commits are made."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.domain.events.event import Event
from shared.domain.google.observations import Sightings
from shared.domain.ids import (
    ConnectionId,
    EventId,
    HistoryId,
    MessageId,
    PageToken,
    SequenceNumber,
    ThreadId,
)
from shared.domain.operation import OperationStep
from shared.domain.sync.event import extend, sync_event
from shared.domain.sync.plan import Release, WakeFollowers, plan
from shared.domain.sync.records.record import Origin, QuarantineEntry
from shared.domain.sync.state import Suspect, SyncState, Tally
from shared.domain.sync.status import SetAside, set_aside
from shared.errors import GmailNotFoundError, GmailRefusedError, TransientError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned
from shared.ports.events import LEAVE_TO_QUEUE, FirstAttempts, Outbox
from shared.ports.google.gmail import Gmail, GmailObject, MessageRef
from shared.ports.sends import BounceRecorder
from shared.ports.sync_store import Batch, NewestQuery, Quarantine, Records, entries_of
from shared.usecases.sync.work.changes import Changes
from shared.usecases.sync.work.hydrate import Hydrator
from shared.usecases.sync.work.lease import Change, Held
from shared.usecases.sync.work.pace import IN_FLIGHT, TokenBucket, Units

BLAMED_AFTER = 4
"""Runs in a row that failed, 15 s at least, after which it is the messages that do not come."""


async def ignore_reports(connection_id: ConnectionId, reports: Sequence[GmailObject]) -> None:
    """Leave delivery-status messages to the readers of records."""


@dataclass(slots=True)
class Listing:
    """A page of the backfill's listing: what is left of it, and what follows."""

    refs: list[MessageRef]
    next_page: PageToken | None
    size: int
    begun_at: datetime
    """Of the backfill it belongs to: a reset begins another."""
    estimate: int
    """Gmail's guess of the total (FACTS 4.1)."""


@dataclass(slots=True)
class Run:
    """What the steps share. `deadline` is when the run must have given its lease back."""

    held: Held
    gmail: Gmail
    records: Records
    quarantine: Quarantine
    outbox: Outbox
    clock: Clock
    pace: TokenBucket
    deadline: datetime
    before: SyncState
    """The state that the run began with: how often, since when and why it had failed."""
    record_bounces: BounceRecorder = ignore_reports
    first: FirstAttempts = LEAVE_TO_QUEUE
    """What tries an event within this request, where it may."""
    claimed: list[EventId] = field(default_factory=list)
    """Events that it is to try."""
    trace_id: str | None = None
    sightings: Sightings = field(default_factory=Sightings)
    pushed: bool = False
    """Whether a push brought it about."""
    spent_before: int = 0
    """Quota units that the pace had spent before."""
    lateness_ms: float | None = None
    """The longest that live mail which is stored now had been at Gmail by then."""
    admitted: bool = False
    """Whether the governor let bulk work begin."""
    tally: Tally = field(default_factory=Tally)
    steps: list[OperationStep] = field(default_factory=list)
    listing: Listing | None = None
    """The backfill's page being read, void for any other run."""
    ahead: deque[Listing] = field(default_factory=deque)
    """Pages listed that come after it."""
    unwanted: set[MessageId] = field(default_factory=set)
    """What this run fetched, or found under an excluded label, and the selection left out."""
    excluded_listed: bool = False
    """Whether what is under the excluded labels has been found."""
    in_quarantine: dict[MessageId, QuarantineEntry] | None = None
    """What is in quarantine, where an event had to count it: only this run changes that."""
    passed_over: dict[MessageId, HistoryId] = field(default_factory=dict)
    """What a delta that is not wholly applied fetched and did not keep, and as of when."""

    @property
    def connection_id(self) -> ConnectionId:
        """Whose mailbox this is."""
        return self.held.state.connection_id

    @property
    def state(self) -> SyncState:
        """The sync state as last written or read."""
        return self.held.state

    @property
    def out_of_time(self) -> bool:
        """Whether the lease must be given back now."""
        return self.clock.now() >= self.deadline

    @property
    def failures(self) -> int:
        """Runs in a row that came to nothing; a commit without records is not something yet."""
        return self.state.failures if self.tally.total else self.before.failures

    @property
    def failing_since(self) -> datetime | None:
        """Since when, by the same rule."""
        return self.state.failing_since if self.tally.total else self.before.failing_since

    def forget_listing(self) -> None:
        """List anew from where the state says."""
        self.listing = None
        self.ahead.clear()

    def take(self, count: int) -> list[MessageRef]:
        """Take the next messages off the listed page."""
        if self.listing is None:
            return []
        taken, self.listing.refs = self.listing.refs[:count], self.listing.refs[count:]
        return taken

    def taken_of(self, threads: AbstractSet[ThreadId], most: int) -> list[MessageRef]:
        """Take further messages of these threads off the listed pages."""
        found: list[MessageRef] = []
        for page in [self.listing, *self.ahead] if self.listing else ():
            joined = [ref for ref in page.refs if ref.thread_id in threads][: most - len(found)]
            ids = {ref.id for ref in joined}
            page.refs = [ref for ref in page.refs if ref.id not in ids]
            found += joined
        return found

    def hydrator(
        self,
        deadline: datetime,
        origin: Origin,
        *,
        urgent: bool = False,
        at_once: int = IN_FLIGHT,
    ) -> Hydrator:
        """Return what fetches a step's messages: one at a time after a worker died of some."""

        async def hold(message_id: MessageId) -> None:
            await self.hold(message_id, origin)

        return Hydrator(
            self.gmail,
            self.pace,
            self.clock,
            deadline,
            urgent=urgent,
            at_once=at_once,
            hold=hold if self.state.careful else None,
            alone=self.before.failures >= BLAMED_AFTER,
            answers=self._answers,
        )

    async def _answers(self) -> bool:
        """Whether Gmail gives a stored message: then it refuses others for their own sake.

        20 units.
        """
        newest = await self.records.newest(self.connection_id, NewestQuery(limit=1))
        if not newest:
            return False
        try:
            call = self.gmail.message(newest[0].head.message_id)
            await self.pace.run(Units.MESSAGE, call, urgent=True)
        except GmailNotFoundError:
            return True
        except (GmailRefusedError, TransientError):
            return False
        return True

    async def hold(self, message_id: MessageId, origin: Origin) -> None:
        """Write down which message is read next. Raises FencedOutError."""
        suspect = Suspect(message_id, origin)
        await self.held.commit(lambda state: state.holding(suspect))

    def strike(self, gone: AbstractSet[MessageId]) -> None:
        """Take deleted messages off the listed pages: fetching them would only fail."""
        for page in [self.listing, *self.ahead] if self.listing and gone else ():
            page.refs = [ref for ref in page.refs if ref.id not in gone]

    async def set_aside(self, ids: Iterable[MessageId]) -> Mapping[MessageId, QuarantineEntry]:
        """Return which of the ids are in quarantine; asks the store only if anything is."""
        if self.state.quarantine_due_at is None:
            return {}
        return await self.quarantine.get(self.connection_id, ids)

    def changes(self, origin: Origin) -> Changes:
        """Start gathering a commit."""
        return Changes(self.clock.now(), origin, self.state.selection)

    async def commit(self, changes: Changes, change: Change, *, tell: bool = True) -> None:
        """Write the changes with the state they lead to, and the event that reports them.

        Raises FencedOutError: then nothing of it is written.
        """

        async def make(state: SyncState) -> tuple[SyncState, Batch]:
            batch = changes.batch(self.state.sequence)
            news = changes.news if tell else Tally()
            return await self._with_event(state, batch, news, changes)

        if changes.reports:
            await self.record_bounces(self.connection_id, changes.reports)
        tally = self.tally + changes.tally

        def apply(state: SyncState) -> SyncState:
            latest = state.last_tally if not tally.total and self._is_second_look() else tally
            return replace(change(changes.applied_to(state)), last_tally=latest, suspect=None)

        await self.held.commit(apply, make)
        self.tally = tally
        if self.in_quarantine is not None:
            self.in_quarantine = _quarantine_after(self.in_quarantine, changes)
        self._note_lateness(changes)

    @property
    def came_to_nothing(self) -> bool:
        """Whether it only looked again after a push, and that push had shown all there was."""
        only_listed = all(step.name == "delta" for step in self.steps)
        return self._is_second_look() and only_listed and not self.tally.total

    def _is_second_look(self) -> bool:
        """Whether this is the look after a push's own: what it does not find, that one had."""
        began = self.before
        return began.second_look_at is not None and not began.awaits_second_look(self.clock.now())

    async def numbers(self, changes: Changes | None = None) -> SetAside:
        """Return what is in quarantine, after the changes if given; read once a run at most."""
        if self.in_quarantine is None:
            found = await entries_of(self.quarantine, self.state)
            self.in_quarantine = {entry.message_id: entry for entry in found}
        after = _quarantine_after(self.in_quarantine, changes) if changes else self.in_quarantine
        return set_aside([*after.values()])

    def _note_lateness(self, changes: Changes) -> None:
        if changes.origin is not Origin.LIVE or not changes.put:
            return
        oldest = min(record.head.arrived_at for record in changes.put)
        late = (self.clock.now() - oldest).total_seconds() * 1000
        self.lateness_ms = max(late, self.lateness_ms or 0)

    async def announce(self, change: Change, tally: Tally) -> None:
        """Commit a state change with one event of its own for what many commits did."""

        async def make(state: SyncState) -> tuple[SyncState, Batch]:
            now, aside = self.clock.now(), await self.numbers()
            since = state.backfill.started_at if state.backfill else now
            event = sync_event(
                state,
                tally,
                Origin.BACKFILL,
                now,
                self.trace_id,
                since=since,
                was=None,
                before=SequenceNumber(0),
                aside=aside,
            )
            return state, Batch(event=event)

        await self.held.commit(change, make)

    async def _with_event(
        self, state: SyncState, batch: Batch, news: Tally, changes: Changes
    ) -> tuple[SyncState, Batch]:
        if not news.total:
            return state, batch
        now = self.clock.now()
        opened = await self._open_event()
        event = sync_event(
            state,
            news,
            changes.origin,
            now,
            self.trace_id,
            since=changes.now,
            was=self.state.checkpoint,
            before=self.state.sequence,
            aside=await self.numbers(changes),
        )
        if opened is not None:
            event = extend(opened.value, event)
        elif isinstance(plan(state, now), Release | WakeFollowers):
            event = await self.first.claim(event)
            self.claimed.append(event.id)
        version = opened.version if opened else None
        state = replace(state, open_event_id=event.id if event.extendable else None)
        return state, replace(batch, event=event, event_version=version)

    async def _open_event(self) -> Versioned[Event] | None:
        """Return the event that no delivery attempt has claimed yet: it takes later news too."""
        if self.state.open_event_id is None:
            return None
        found = await self.outbox.get(self.state.open_event_id)
        return found if found is not None and found.value.extendable else None

    def note(self, name: str, started_at: datetime, **detail: Any) -> None:
        """Remember a step for the operations log."""
        took = (self.clock.now() - started_at).total_seconds() * 1000
        self.steps.append(OperationStep(name, started_at, took, detail))

    def report(self) -> Mapping[str, Any]:
        """Return what is told of a run: records, quota units, and how late live mail was."""
        tally = self.tally
        counts = {"added": tally.added, "updated": tally.updated, "deleted": tally.deleted}
        late = {} if self.lateness_ms is None else {"lateness_ms": self.lateness_ms}
        units = self.pace.spent - self.spent_before
        return {**counts, "units": units, "pushed": self.pushed, **late}


def _quarantine_after(
    entries: Mapping[MessageId, QuarantineEntry], changes: Changes
) -> dict[MessageId, QuarantineEntry]:
    """Return the quarantine after a commit."""
    added = {entry.message_id: entry for entry in changes.quarantine}
    gone = {*changes.released}
    return {id: entry for id, entry in {**entries, **added}.items() if id not in gone}
