"""Fetching again what failed before: named, retried, never dropped."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.google.observations import Count, Duration
from shared.domain.ids import ConnectionId, MessageId
from shared.domain.sync.records.record import Origin, QuarantineEntry, RecordHead
from shared.domain.sync.state import SyncState, SyncStatus
from shared.errors import (
    GmailNotFoundError,
    GmailRefusedError,
    GmailUnavailableError,
    UnknownConnectionError,
    UnknownRecordError,
)
from shared.ports.clock import Clock
from shared.ports.documents import until_written
from shared.ports.queue import Queue
from shared.ports.sync_store import COMMIT_BYTES, Batch, Quarantine, SyncStates
from shared.usecases.sync.task import sync_task
from shared.usecases.sync.work.changes import (
    NOT_FOUND,
    TOO_COSTLY,
    UNAVAILABLE,
    UNREADABLE,
    Changes,
)
from shared.usecases.sync.work.hydrate import OK, fetch_bodies
from shared.usecases.sync.work.pace import Units
from shared.usecases.sync.work.run import Run
from shared.usecases.sync.work.taking_in import take_in

AT_ONCE = 25
LOOKED_AT = 500
WHILE_FETCHING = timedelta(seconds=10)
GONE_AFTER = timedelta(hours=1)
"""How long messages.get must not have known a message that no history says was deleted."""


async def retry_quarantine(run: Run) -> None:
    """Try the entries that are due; only 404s for an hour mean that the message is gone."""
    started = run.clock.now()
    entries = await run.quarantine.list(run.connection_id, LOOKED_AT)
    due = [entry for entry in entries if entry.retry_at <= started][:AT_ONCE]
    heads = await run.records.heads(run.connection_id, [entry.message_id for entry in due])
    tried: set[MessageId] = set()
    changes = run.changes(Origin.LIVE)
    for entry in due:
        if run.clock.now() > started + WHILE_FETCHING or changes.size > COMMIT_BYTES / 2:
            break
        if run.state.careful or entry.reason == TOO_COSTLY:
            await run.hold(entry.message_id, entry.origin)
        await _retry(run, changes, entry, heads.get(entry.message_id))
        tried.add(entry.message_id)
    waiting = [entry for entry in entries if entry.message_id not in tried]
    await run.commit(changes, lambda state: _reschedule(state, changes, waiting))
    run.note("quarantine", started, tried=len(tried), released=len(changes.released))


async def _retry(
    run: Run, changes: Changes, entry: QuarantineEntry, head: RecordHead | None
) -> None:
    try:
        call = run.gmail.message(entry.message_id)
        message = await run.pace.run(Units.MESSAGE, call, urgent=True)
        bodies = await fetch_bodies(run.gmail, run.pace, message, urgent=True)
    except GmailNotFoundError:
        _missing_again(changes, entry, head)
        if entry.message_id in changes.released:
            run.sightings.count(Count.NEVER_FOUND)
    except GmailUnavailableError as error:
        _again(changes, entry, UNREADABLE if error.status == OK else UNAVAILABLE)
    except GmailRefusedError as error:
        _again(changes, entry, error.reason or f"status_{error.status}")
    else:
        if entry.reason == NOT_FOUND:
            run.sightings.measure(Duration.FOUND_AFTER, run.clock.now() - entry.first_failed_at)
        await take_in(run, changes, message, head, bodies, entry)


def _missing_again(changes: Changes, entry: QuarantineEntry, head: RecordHead | None) -> None:
    """Treat a lasting 404 as deleted; the first ones may only have been early (FACTS 3.6).

    A message that was really deleted leaves at once: its history record releases the entry.
    """
    if entry.reason != NOT_FOUND or changes.now < entry.first_failed_at + GONE_AFTER:
        _again(changes, entry, NOT_FOUND)
        return
    changes.released.append(entry.message_id)
    if head is not None and head.live:
        changes.tombstone(head)


def _again(changes: Changes, entry: QuarantineEntry, reason: str) -> None:
    changes.set_aside(entry.message_id, reason, entry)


def _reschedule(
    state: SyncState, changes: Changes, waiting: Sequence[QuarantineEntry]
) -> SyncState:
    """Return the state with its quarantine due when its soonest entry is."""
    entries = [*waiting, *changes.quarantine]
    due = min((entry.retry_at for entry in entries), default=None)
    return replace(state, quarantine_due_at=due)


@dataclass(frozen=True, slots=True)
class RetryQuarantined:
    """Writes the wish by compare-and-set, lease or not: a holder's next commit finds it."""

    states: SyncStates
    quarantine: Quarantine
    queue: Queue
    clock: Clock

    async def __call__(self, connection_id: ConnectionId, message_id: MessageId) -> None:
        """Make the entry due. Raises UnknownConnectionError, UnknownRecordError."""
        await until_written(lambda: self._make_due(connection_id, message_id))
        await self.queue.enqueue(sync_task(connection_id))

    async def _make_due(self, connection_id: ConnectionId, message_id: MessageId) -> None:
        was = await self.states.get(connection_id)
        if was is None or was.value.status is SyncStatus.STOPPED:
            raise UnknownConnectionError(f"There is no connection {connection_id!r}.")
        entry = (await self.quarantine.get(connection_id, [message_id])).get(message_id)
        if entry is None:
            raise UnknownRecordError("This message is not in quarantine.")
        now = self.clock.now()
        state = replace(was.value, quarantine_due_at=now).due_by(now)
        batch = Batch(quarantine=[replace(entry, retry_at=now)])
        await self.states.commit(was, state, batch)
