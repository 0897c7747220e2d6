"""Ending every record of an own sync, as tombstones with numbers, before all is read again."""

from dataclasses import replace

from shared.domain.models.state import ModelSyncState
from shared.domain.models.sync import models_of
from shared.domain.sync.record import EndReason
from shared.usecases.sync.models.run import ModelRun


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
