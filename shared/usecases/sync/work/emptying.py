"""Ending every record before the window is read again, at the product's wish (API 5.1).

A record ends as a tombstone with a sequence number, never by disappearing: a message that is gone
from Gmail by the time the window is read would otherwise stay for ever with a reader by
cursor. What is still there comes back from the backfill under a new number.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from shared.domain.sync.records.record import EndReason, Origin
from shared.domain.sync.state import SyncState
from shared.usecases.sync.work.changes import Changes
from shared.usecases.sync.work.run import Run

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
