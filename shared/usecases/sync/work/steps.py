"""What the steps of a sync share: their anchor, and what left a listing meanwhile.

A page token is a place in a list that moves: where a message leaves between two pages, the first
of the next page slips onto the one already read, and is shown on neither. Only history can tell
(DECISIONS, "A listing is whole where nothing left it").
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.ids import HistoryId, LabelId
from shared.domain.sync.state import Backfill, SyncState
from shared.domain.sync.window import window_start
from shared.errors import HistoryExpiredError
from shared.usecases.sync.work.delta import list_history
from shared.usecases.sync.work.pace import Units
from shared.usecases.sync.work.run import Run


@dataclass(frozen=True, slots=True)
class Departures:
    """What left since a history ID; `until` is the last history record that this knows of."""

    until: HistoryId
    deleted: bool = False
    labels: frozenset[LabelId] = frozenset()
    """Labels taken off any message."""

    def shifted(self, label_id: LabelId | None) -> bool:
        """Whether a listing under this label, or of the whole window, may have shifted."""
        return self.deleted or label_id in self.labels


async def departures(run: Run, since: HistoryId) -> Departures:
    """Read in history who left; where it has expired or is too long, anybody may have."""
    try:
        records, _, complete = await list_history(run, since, whole=True)
    except HistoryExpiredError:
        return Departures(since, deleted=True)
    taken_off = [change.label_ids for record in records for change in record.labels_removed]
    return Departures(
        until=records[-1].id if records else since,
        deleted=not complete or any(record.deleted for record in records),
        labels=frozenset[LabelId]().union(*taken_off),
    )


async def set_anchor(run: Run) -> None:
    """Make the mailbox's current history ID the checkpoint; deltas are live from here on."""
    started = run.clock.now()
    profile = await run.pace.run(Units.PROFILE, run.gmail.profile(), urgent=True)
    await run.held.commit(lambda state: anchored(state, profile.history_id, started))
    run.note("anchor", started)


def anchored(state: SyncState, history_id: HistoryId, now: datetime) -> SyncState:
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
