"""What the steps of a sync share: their anchor, listings, what left one meanwhile, emptying.

A page token is a place in a list that moves: where a message leaves between two pages, the first
of the next page slips onto the one already read, and is shown on neither. Only history can tell
(DECISIONS, "A listing is whole where nothing left it").

Emptying ends a record as a tombstone with a sequence number, never by disappearing: a message that
is gone from Gmail by the time the window is read would otherwise stay for ever with a reader by
cursor. What is still there comes back from the backfill under a new number.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.ids import HistoryId, LabelId
from shared.domain.sync.records.record import EndReason, Origin
from shared.domain.sync.selection import window_start
from shared.domain.sync.state import Backfill, SyncState
from shared.errors import HistoryExpiredError
from shared.ports.google.gmail import MessageRef
from shared.usecases.sync.work.changes import Changes
from shared.usecases.sync.work.delta import list_history
from shared.usecases.sync.work.pace import Units
from shared.usecases.sync.work.run import Run


@dataclass(frozen=True, slots=True)
class Removals:
    """What left since a history ID; `until` is the last history record that this knows of."""

    until: HistoryId
    deleted: bool = False
    labels: frozenset[LabelId] = frozenset()
    """Labels taken off any message."""

    def may_shift(self, label_id: LabelId | None) -> bool:
        """Whether a listing under this label, or of the whole window, may have shifted."""
        return self.deleted or label_id in self.labels


async def removals_since(run: Run, since: HistoryId) -> Removals:
    """Read in history who left; where it has expired or is too long, any may have."""
    try:
        records, _, complete = await list_history(run, since, whole=True)
    except HistoryExpiredError:
        return Removals(since, deleted=True)
    taken_off = [change.label_ids for record in records for change in record.labels_removed]
    return Removals(
        until=records[-1].id if records else since,
        deleted=not complete or any(record.deleted for record in records),
        labels=frozenset[LabelId]().union(*taken_off),
    )


@dataclass(slots=True)
class Listed:
    """Every page of a listing."""

    refs: list[MessageRef]
    pages: int = 0


async def list_window(run: Run, label_id: LabelId | None) -> Listed:
    """List the whole window, under one label or all; 5 units for 500 ids."""
    listed = Listed([])
    page = None
    while True:
        call = run.gmail.message_ids(since=run.state.window_start, label_id=label_id, page=page)
        answer = await run.pace.run(Units.LIST, call)
        listed.refs.extend(answer.refs)
        listed.pages += 1
        page = answer.next_page
        if page is None:
            return listed
        await run.held.beat()


async def list_excluded(run: Run) -> None:
    """Note once a run what the connection excludes, so that it is not fetched to be dropped."""
    excluded = run.state.selection.exclude
    if not excluded or run.excluded_listed:
        return
    named = await run.pace.run(Units.LABELS, run.gmail.label_ids())
    for label_id in excluded:
        if label_id in named:
            run.unwanted.update(ref.id for ref in (await list_window(run, label_id)).refs)
    run.excluded_listed = True


async def set_anchor(run: Run, watched: HistoryId | None) -> None:
    """Make the mailbox's current history ID the checkpoint; deltas are live from here on.

    It is `watched`, that of a watch just armed, or else the profile's (FACTS 3.9).
    """
    started = run.clock.now()
    history_id = watched or await _current_history_id(run)
    await run.held.commit(lambda state: anchor(state, history_id, started))
    run.note("anchor", started)


async def _current_history_id(run: Run) -> HistoryId:
    profile = await run.pace.run(Units.PROFILE, run.gmail.profile(), urgent=True)
    return profile.history_id


def anchor(state: SyncState, history_id: HistoryId, now: datetime) -> SyncState:
    """Return the state with its checkpoint and a backfill whose window start is fixed."""
    start = window_start(state.window, now)
    return replace(
        state,
        checkpoint=history_id,
        delta_due_at=now + state.frequency,
        last_delta_at=now,
        window_start=start,
        backfill=Backfill(window_start=start, started_at=now),
    )


AT_ONCE = 350
"""Tombstones in one commit, with room for the state and its event (COMMIT_WRITES)."""


async def empty(run: Run) -> None:
    """End all records in portions, each one fenced commit: a crash goes on with what is left."""
    started = run.clock.now()
    ended = 0
    async for portion in _portions(run):
        await run.commit(portion, _leave_unchanged)
        ended += len(portion.heads)
        if run.out_of_time:
            return
    await run.held.commit(_empty)
    run.note("empty", started, deleted=ended)


async def _portions(run: Run) -> AsyncIterator[Changes]:
    """Yield the commits that end what is live and forget what is in quarantine."""
    async for heads in run.records.all_heads(run.connection_id, None):
        for start in range(0, len(heads), AT_ONCE):
            changes = run.changes(Origin.AUDIT)
            for head in heads[start : start + AT_ONCE]:
                changes.tombstone(head, EndReason.EMPTIED)
            yield changes
    while entries := await run.quarantine.list(run.connection_id, AT_ONCE):
        changes = run.changes(Origin.AUDIT)
        changes.released += [entry.message_id for entry in entries]
        yield changes


def _leave_unchanged(state: SyncState) -> SyncState:
    return state


def _empty(state: SyncState) -> SyncState:
    return replace(state, emptying=False, live_records=0, quarantine_due_at=None)
