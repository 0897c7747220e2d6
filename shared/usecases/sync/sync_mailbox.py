"""Sync one mailbox until it is idle or time is up; the only writer of records (DESIGN 4.1)."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.events.event import Event
from shared.domain.google.observations import Sightings
from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.operation import Operation, OperationType, new_operation
from shared.domain.sync.event import failed_sync_event
from shared.domain.sync.plan import (
    Anchor,
    BackfillChunk,
    CheckAll,
    Delta,
    Empty,
    Recover,
    RetryQuarantine,
    Step,
    WakeFollowers,
    plan,
)
from shared.domain.sync.state import SyncState
from shared.domain.sync.status import set_aside
from shared.errors import (
    FencedOutError,
    GmailRefusedError,
    MissingScopeError,
    PostroomError,
    RateLimitedError,
    ReauthRequiredError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.events import LEAVE_TO_QUEUE, FirstAttempts, Operations, Outbox
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.queue import Queue, QueueName
from shared.ports.sends import BounceRecorder, HeldSends, wake_no_send
from shared.ports.sync_store import Quarantine, Records, SyncStates
from shared.usecases.sync.outcomes import (
    HeldElsewhere,
    LostLease,
    NothingToDo,
    Synced,
    SyncOutcome,
)
from shared.usecases.sync.quarantine import retry_quarantine
from shared.usecases.sync.task import due_task, models_task, sync_task
from shared.usecases.sync.watch.start import Armed, StartWatch
from shared.usecases.sync.work.backfill import read_chunk
from shared.usecases.sync.work.delta import read_delta
from shared.usecases.sync.work.lease import Busy, Change, Held, Idle, Tell, take
from shared.usecases.sync.work.pace import QuotaGovernor, has_bulk_work
from shared.usecases.sync.work.recovery import audit, recover
from shared.usecases.sync.work.run import Run, ignore_reports
from shared.usecases.sync.work.setback import is_news, wait_after
from shared.usecases.sync.work.steps import empty, set_anchor
from shared.usecases.sync.work.taking_in import set_aside_suspect
from shared.usecases.sync.work.uninterrupted import run_to_end

log = logging.getLogger(__name__)
SOON = timedelta(minutes=3)
"""What is due sooner gets a task of its own; the rest is found by reconcile."""


@dataclass(frozen=True, slots=True)
class SyncMailbox:
    """All sync work on one connection."""

    states: SyncStates
    records: Records
    quarantine: Quarantine
    outbox: Outbox
    operations: Operations
    gmail: GmailMailboxes
    queue: Queue
    clock: Clock
    start_watch: StartWatch
    governor: QuotaGovernor
    record_bounces: BounceRecorder = ignore_reports
    wake_held: HeldSends = wake_no_send
    sightings: Sightings = field(default_factory=Sightings)

    async def __call__(
        self,
        connection_id: ConnectionId,
        *,
        budget: timedelta,
        hint: HistoryId | None = None,
        only_live: bool = False,
        trace_id: str | None = None,
        first: FirstAttempts = LEAVE_TO_QUEUE,
    ) -> SyncOutcome:
        """Sync for at most `budget`; `only_live` leaves everything but new mail to a task.

        `first` tries the event of it once before this returns, where the queue need not.

        Raises StoreUnavailableError, QueueUnavailableError, CorruptStateError: the hint must
        come again.
        """
        for stored in (False, True):
            taken = await take(self.states, self.clock, connection_id, hint, stored=stored)
            if isinstance(taken, Idle):
                return NothingToDo()
            if isinstance(taken, Busy):
                await self._wake_at_expiry(connection_id, taken)
                return HeldElsewhere(taken.expires_at)
            run = self._run(taken, budget, trace_id)
            run.pushed, run.first = hint is not None, first
            outcome = await self._finish(run, only_live=only_live)
            if taken.unleased is None or not isinstance(outcome, LostLease):
                break  # else another worker was faster, and what woke this one stands nowhere
        await first(run.claimed)
        return outcome

    def _run(self, held: Held, budget: timedelta, trace_id: str | None) -> Run:
        connection_id = held.state.connection_id
        pace = self.governor.pace(connection_id)
        return Run(
            held=held,
            gmail=self.gmail.of(connection_id),
            records=self.records,
            quarantine=self.quarantine,
            outbox=self.outbox,
            clock=self.clock,
            pace=pace,
            spent_before=pace.spent,
            before=held.state,
            deadline=self.clock.now() + budget,
            record_bounces=self.record_bounces,
            trace_id=trace_id,
            sightings=self.sightings,
        )

    async def _finish(self, run: Run, *, only_live: bool) -> SyncOutcome:
        started = self.clock.now()
        error: PostroomError | None = None
        silent_before = run.state.unannounced_at
        try:
            error = await self._until_idle(run, only_live=only_live)
        except FencedOutError:
            await self._wake_unless_taken_over(run)
            return LostLease()
        except asyncio.CancelledError:
            await run_to_end(self._stop(run))
            raise
        except PostroomError:
            raise
        except Exception:
            await self._crash(run, started)
            raise
        await self._wake_next(run.state)
        if error is None and run.before.failures:
            await self.wake_held(run.connection_id)
        if run.state.unannounced_at != silent_before and run.state.unannounced_at is not None:
            await self.start_watch.restart(run.connection_id)
        await self._log(run, started, error)
        return Synced(run.tally, run.state.next_due_at, error.code if error else None)

    async def _crash(self, run: Run, started: datetime) -> None:
        """Give the lease back with a pause; the state, the log and the product say that it failed.

        Raises StoreUnavailableError: the lease then ends by itself.
        """
        error = PostroomError("The run failed on our side: the log says where.")
        change, due = self._setback(error, run)
        tell = await self._telling(error, started, run, change)
        with suppress(FencedOutError):  # another worker's now, and the failure still to be raised
            await run.held.leave(change, due, tell)
        await self._log(run, started, error)

    async def _until_idle(self, run: Run, *, only_live: bool) -> PostroomError | None:
        """Take steps until none is left; return what stopped the run early, if anything."""
        started = self.clock.now()
        try:
            await set_aside_suspect(run)
            while not await run.held.release():
                step = plan(run.state, self.clock.now())
                if run.out_of_time or (
                    only_live and not isinstance(step, Anchor | Delta | WakeFollowers)
                ):
                    await run.held.leave(_same, self.clock.now())
                    return None
                if not await self._admit(run, step):
                    return None
                await self._take(run, step)
        except (TransientError, ReauthRequiredError, MissingScopeError, GmailRefusedError) as error:
            change, due = self._setback(error, run)
            if isinstance(error, RateLimitedError) and due is not None:
                await self.governor.record_refusal(run.connection_id, due)
            await run.held.leave(change, due, await self._telling(error, started, run, change))
            return error
        return None

    async def _telling(
        self, error: PostroomError, started: datetime, run: Run, change: Change
    ) -> Tell:
        """Return what tells the product that its sync is failing: once, until it works again."""
        failures = run.failures
        news = is_news(error, run.state, run.before, failures)
        aside = await run.numbers() if news else set_aside(())

        def tell(state: SyncState) -> Event | None:
            if not is_news(error, state, run.before, failures):
                return None
            return failed_sync_event(
                change(state),
                error.code,
                str(error),
                started_at=started,
                now=self.clock.now(),
                trace_id=run.trace_id,
                aside=aside,
            )

        return tell

    async def _admit(self, run: Run, step: Step) -> bool:
        """Ask the governor once a run before bulk work; leave where it must wait."""
        if run.admitted or not isinstance(step, BackfillChunk | Recover | CheckAll):
            return True
        until = await self.governor.admit(run.connection_id)
        if until is None:
            run.admitted = True
            return True
        await run.held.leave(lambda state: replace(state, deferred_until=until), until)
        return False

    async def _take(self, run: Run, step: Step) -> None:
        match step:
            case Anchor():
                watch = await self.start_watch(run.connection_id)
                await set_anchor(run, watch.history_id if isinstance(watch, Armed) else None)
            case Delta():
                await read_delta(run, step)
            case Recover():
                await recover(run)
            case RetryQuarantine():
                await retry_quarantine(run)
            case BackfillChunk():
                await read_chunk(run)
            case CheckAll():
                await audit(run)
            case Empty():
                await empty(run)
            case WakeFollowers():
                await self.queue.enqueue(models_task(run.connection_id, wake=True))
                await run.held.commit(lambda state: state.followers_woken(self.clock.now()))

    def _setback(self, error: PostroomError, run: Run) -> tuple[Change, datetime | None]:
        """Return how an error changes the state, and when to look again."""
        now, failures, since = self.clock.now(), run.failures, run.failing_since

        def failing(it: SyncState) -> SyncState:
            return replace(it, failing_since=since).failing(error.code, now)

        if isinstance(error, ReauthRequiredError | MissingScopeError):
            return failing, None
        wait = wait_after(error, failures)
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            wait = max(wait, error.retry_after)

        def change(it: SyncState) -> SyncState:
            return replace(failing(it), failures=failures + 1, deferred_until=now + wait)

        return change, now + wait

    async def _wake_next(self, state: SyncState) -> None:
        """Wake the next run: by a task if it is soon, by reconcile otherwise."""
        due = state.next_due_at
        now = self.clock.now()
        if due is None or due > now + SOON:
            return
        bulk = due <= now and has_bulk_work(state)
        queue = QueueName.BULK if bulk else QueueName.LIVE
        await self.queue.enqueue(due_task(state.connection_id, queue, due, now))

    async def _stop(self, run: Run) -> None:
        """Give the lease back as the process ends, so that no worker waits for its expiry."""
        with suppress(PostroomError):
            await run.held.leave(_same, self.clock.now())

    async def _wake_unless_taken_over(self, run: Run) -> None:
        """Our own write may have fenced us out, by arriving after we had given it up."""
        lease = run.state.lease
        if lease is not None:
            await self._wake_at_expiry(run.connection_id, Busy(lease.token, lease.expires_at))

    async def _wake_at_expiry(self, connection_id: ConnectionId, busy: Busy) -> None:
        """Wake a run at the lease's end, if its holder dies; named by the lease it waits for."""
        name = f"{busy.token}-{int(busy.expires_at.timestamp() * 1000)}"
        await self.queue.enqueue(sync_task(connection_id, not_before=busy.expires_at, name=name))

    async def _log(self, run: Run, started: datetime, error: PostroomError | None) -> None:
        """Append to the operations log; losing the entry never fails the sync.

        A second look that came to nothing has no entry: the push before it has.
        """
        if error is None and (not run.steps or run.came_to_nothing):
            return
        try:
            await self.operations.append(self._operation(run, started, error))
        except TransientError:
            log.warning("operations log entry lost", extra={"connection": run.connection_id})

    def _operation(self, run: Run, started: datetime, error: PostroomError | None) -> Operation:
        return new_operation(
            OperationType.SYNC,
            "fetch-messages",
            run.connection_id,
            started,
            self.clock.now(),
            error=error.code if error else None,
            steps=tuple(run.steps),
            trace_id=run.trace_id,
            detail=run.report(),
        )


def _same(state: SyncState) -> SyncState:
    return state
