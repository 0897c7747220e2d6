"""Deleting every record before the window is read again, at the product's wish (API 5)."""

from dataclasses import replace

from shared.domain.sync_state import SyncState
from shared.usecases.sync.run import Run

AT_ONCE = 500


async def empty(run: Run) -> None:
    """Delete records in portions; sequence numbers go on from where they are.

    Only the lease holder deletes, and a beat between portions finds out if it is another's.
    """
    started = run.clock.now()
    deleted = 0
    while count := await run.records.purge(run.connection_id, AT_ONCE):
        deleted += count
        if run.out_of_time:
            return
        await run.held.renew()
    await run.held.commit(_emptied)
    run.note("empty", started, deleted=deleted)


def _emptied(state: SyncState) -> SyncState:
    return replace(state, emptying=False, live_records=0, quarantine_due_at=None)
