"""Anchor: the checkpoint is fixed before anything is listed (FACTS 3.9)."""

from dataclasses import replace
from datetime import datetime

from shared.domain.ids import HistoryId
from shared.domain.sync_state import Backfill, SyncState
from shared.domain.window import window_start
from shared.usecases.sync.pace import Units
from shared.usecases.sync.run import Run


async def set_anchor(run: Run) -> None:
    """Make the mailbox's current history ID the checkpoint; deltas are live from here on."""
    started = run.clock.now()
    profile = await run.pace.run(Units.PROFILE, run.gmail.profile(), urgent=True)
    await run.held.commit(lambda state: anchored(state, profile.history_id, started))
    run.note("anchor", started)


def anchored(state: SyncState, history_id: HistoryId, now: datetime) -> SyncState:
    """Answer the state with its checkpoint and a backfill whose window start is fixed."""
    start = window_start(state.window, now)
    return replace(
        state,
        checkpoint=history_id,
        delta_due_at=now + state.frequency,
        last_delta_at=now,
        window_start=start,
        backfill=Backfill(window_start=start, started_at=now),
    )
