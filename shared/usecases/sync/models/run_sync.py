"""Run one own sync of one connection until it is done or time is up (DESIGN 4.10)."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.crash import SyncFailedError, crash_site
from shared.domain.ids import ConnectionId
from shared.domain.models.event import failed_model_event
from shared.domain.models.state import ModelSyncState, state_id
from shared.domain.models.sync import Derived, OwnSyncs, models_of
from shared.domain.operation import OperationType, new_operation
from shared.domain.sync.plan import backoff
from shared.domain.sync.records.record import EndReason
from shared.domain.sync.state import Tally
from shared.errors import (
    FencedOutError,
    MissingScopeError,
    PermanentError,
    PostroomError,
    RateLimitedError,
    ReauthRequiredError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import update
from shared.ports.events import Operations, Outbox
from shared.ports.model_store import ModelBatch, ModelRecords, ModelSyncs
from shared.ports.queue import Queue
from shared.ports.sync_store import Records, SyncStates
from shared.usecases.sync.models.adopt import AdoptSync
from shared.usecases.sync.models.derive import derive
from shared.usecases.sync.models.lease import ModelLease, take
from shared.usecases.sync.models.own import RunOwnCode
from shared.usecases.sync.models.run import ModelRun
from shared.usecases.sync.task import models_task
from shared.usecases.sync.work.lease import Busy, Idle
from shared.usecases.sync.work.pace import QuotaGovernor
from shared.usecases.sync.work.setback import TOLD_AFTER
from shared.usecases.sync.work.uninterrupted import run_to_end

log = logging.getLogger(__name__)
SOON: Final = timedelta(minutes=3)
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ran:
    """The run ended by itself; `due` is when the next is wanted."""

    tally: Tally
    due: datetime | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class NotRun:
    """Nothing to do, or another worker is at it, and will see the wish."""


@dataclass(frozen=True, slots=True)
class RunSync:
    """All work of own syncs on one connection, each under its own lease."""

    syncs: OwnSyncs
    states: ModelSyncs
    records: ModelRecords
    messages: Records
    mail_states: SyncStates
    connections: Connections
    outbox: Outbox
    operations: Operations
    own: RunOwnCode
    adopt: AdoptSync
    governor: QuotaGovernor
    queue: Queue
    clock: Clock

    async def __call__(
        self,
        connection_id: ConnectionId,
        name: str,
        *,
        budget: timedelta,
        wake: bool = False,
        trace_id: str | None = None,
    ) -> Ran | NotRun:
        """Run the sync for at most `budget`; `wake` wants a run whatever the schedule says.

        Raises StoreUnavailableError, QueueUnavailableError: the task must come again.
        """
        row = self.syncs.get(name)
        found = await self.connections.get(connection_id)
        if row is None or found is None:
            await self._forget(connection_id, name, gone=found is None)
            return NotRun()
        if found.value.status is not ConnectionStatus.ACTIVE:
            return NotRun()
        if not await self.adopt(connection_id, row):
            return NotRun()
        taken = await take(self.states, self.clock, connection_id, row, wake=wake)
        if isinstance(taken, Busy):
            await self._wake_at_expiry(connection_id, name, taken)
            return NotRun()
        if isinstance(taken, Idle):
            return NotRun()
        return await self._finish(self._run(taken, found.value, budget, trace_id))

    def _run(
        self, lease: ModelLease, connection: Connection, budget: timedelta, trace_id: str | None
    ) -> ModelRun:
        deadline = self.clock.now() + budget
        return ModelRun(
            lease=lease,
            row=lease.row,
            connection=connection,
            records=self.records,
            messages=self.messages,
            outbox=self.outbox,
            clock=self.clock,
            deadline=deadline,
            trace_id=trace_id,
        )

    async def _finish(self, run: ModelRun) -> Ran | NotRun:
        started, error = self.clock.now(), None
        try:
            await self._work(run)
        except FencedOutError:
            return NotRun()
        except asyncio.CancelledError:
            await run_to_end(self._leave(run))
            raise
        except PostroomError as raised:
            error = raised
            await self._fail(run, raised)
        except Exception as raised:
            error = SyncFailedError("The run failed on our side: the log says where.")
            await self._fail(run, error)
            log.exception("own sync failed", extra={"error_type": type(raised).__name__})
        due = await run.lease.leave(lambda state: state)
        await self._wake_next(run, due)
        await self._log(run, started, error)
        return Ran(run.tally, due, error.code if error else None)

    async def _work(self, run: ModelRun) -> None:
        answered = run.state.wakes_wanted
        if run.state.version < run.row.version:
            await run.lease.commit(lambda state: self._renew(state, run))
            answered = run.state.wakes_wanted
        if run.state.emptying and not await empty(run):
            return
        if isinstance(run.row, Derived):
            whole = await derive(run, run.row)
            if whole and run.state.initial and await self._mail_backfills(run.connection_id):
                await run.lease.commit(
                    lambda state: replace(state, wakes_taken=answered, began_at=None)
                )
                return
            scheduled = None
        else:
            whole = await self.own(run, run.row)
            every = run.state.frequency or run.row.frequency
            scheduled = None if every is None else self.clock.now() + every
        if whole:
            await run.finish(answered, scheduled)

    def _renew(self, state: ModelSyncState, run: ModelRun) -> ModelSyncState:
        """Return the state with all to be read again by a newer version of the row."""
        first = state.version == 0
        state = state.afresh(self.clock.now())
        return replace(state, version=run.row.version, initial=state.initial or not first)

    async def _mail_backfills(self, connection_id: ConnectionId) -> bool:
        """Whether the mailbox is still being read for the first time."""
        mail = await self.mail_states.get(connection_id)
        return mail is None or mail.value.backfill is None or mail.value.backfilling

    async def _fail(self, run: ModelRun, error: PostroomError) -> None:
        """Give the lease back with what failed, and until when the sync waits."""
        now, failures = self.clock.now(), run.state.failures
        lasting = isinstance(error, ReauthRequiredError | MissingScopeError)
        wait = _wait(error, failures)
        if isinstance(error, RateLimitedError):
            await self.governor.record_refusal(run.connection_id, now + wait)

        def change(state: ModelSyncState) -> ModelSyncState:
            state = replace(
                state,
                last_error=error.code,
                error_site=_place(run.row.name, error),
                failing_since=state.failing_since or now,
                failures=failures + 1,
                deferred_until=None if lasting else now + wait,
                wakes_taken=state.wakes_wanted if lasting else state.wakes_taken,
            )
            began = None if lasting else state.began_at or now
            return replace(
                state, began_at=began, scheduled_at=None if lasting else state.scheduled_at
            )

        async def make(state: ModelSyncState) -> tuple[ModelSyncState, ModelBatch]:
            if failures + 1 != (1 if lasting else TOLD_AFTER):
                return state, ModelBatch()
            told = [
                failed_model_event(state, model, error.code, now, run.trace_id)
                for model in models_of(run.row)
            ]
            return state, ModelBatch(events=[(event, None) for event in told])

        await run.lease.leave(change, make)

    async def _leave(self, run: ModelRun) -> None:
        """Give the lease back as the process ends, so that no worker waits for its expiry."""
        try:
            await run.lease.leave(lambda state: state)
        except PostroomError:
            log.warning("an own sync's lease ends by itself")

    async def _wake_next(self, run: ModelRun, due: datetime | None) -> None:
        """Wake the next run: by a task if it is soon, by reconcile otherwise."""
        now = self.clock.now()
        if due is None or due > now + SOON:
            return
        task = models_task(run.connection_id, run.row.name, not_before=due if due > now else None)
        await self.queue.enqueue(task)

    async def _wake_at_expiry(self, connection_id: ConnectionId, name: str, busy: Busy) -> None:
        """Wake a run at the lease's end, if its holder dies; named by the lease it waits for."""
        named = f"{busy.token}-{int(busy.expires_at.timestamp() * 1000)}"
        await self.queue.enqueue(
            models_task(connection_id, name, not_before=busy.expires_at, task_name=named)
        )

    async def _forget(self, connection_id: ConnectionId, name: str, *, gone: bool) -> None:
        """Take a sync that the code has no more, or whose connection is gone, off the schedule."""
        if gone:
            was = await self.states.get(state_id(connection_id, name))
            if was is not None:
                await self.states.delete(was)
            return
        await update(
            self.states,
            state_id(connection_id, name),
            lambda state: replace(state, next_due_at=None),
        )

    async def _log(self, run: ModelRun, started: datetime, error: PostroomError | None) -> None:
        if not run.commits and error is None:
            return
        tally = run.tally
        entry = new_operation(
            OperationType.SYNC,
            run.row.name,
            run.connection_id,
            started,
            self.clock.now(),
            error=error.code if error else None,
            steps=tuple(run.steps),
            trace_id=run.trace_id,
            detail={"added": tally.added, "updated": tally.updated, "deleted": tally.deleted},
        )
        try:
            await self.operations.append(entry)
        except TransientError:
            log.warning("operations log entry lost", extra={"connection": run.connection_id})


def _place(name: str, error: PostroomError) -> str | None:
    """Return where own code failed, in words of ours alone."""
    if isinstance(error, SyncFailedError):
        return str(error)
    site = crash_site(error)
    return f"{name} raised {site}." if site.is_own and isinstance(error, PermanentError) else None


def _wait(error: PostroomError, failures: int) -> timedelta:
    if isinstance(error, TransientError):
        wait = backoff(failures, LONGEST_WAIT)
        asked = error.retry_after if isinstance(error, RateLimitedError) else None
        return wait if asked is None else max(wait, asked)
    return min(FIRST_WAIT * 2.0 ** min(failures, 10), LONGEST_WAIT)


async def empty(run: ModelRun) -> bool:
    """End all live records in portions; return whether it came to the end in time."""
    for model in models_of(run.row):
        changes = run.changes()
        async for heads in run.records.live(run.connection_id, model):
            for head in heads:
                changes.end(head, EndReason.EMPTIED)
                if changes.full:
                    await run.commit(changes)
                    changes = run.changes()
                    if run.out_of_time:
                        return False
        await run.commit(changes)
    await run.lease.commit(_empty)
    return True


def _empty(state: ModelSyncState) -> ModelSyncState:
    return replace(state, emptying=False)
