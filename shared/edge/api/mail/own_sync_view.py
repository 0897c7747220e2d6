"""The state of an own sync, as GET /sync/status shows it (API 5.3)."""

from datetime import datetime

from shared.domain.connect.connection import INTEGRATION
from shared.domain.models.state import ModelSyncState
from shared.domain.models.sync import Derived, OwnSync, models_of
from shared.domain.sync.event import VARIANT
from shared.domain.sync.frequency import in_words
from shared.domain.sync.state import SyncState, SyncStatus
from shared.domain.sync.status import Failure, ReportedStatus, deferral
from shared.edge.api.mail.sync_view import (
    Counts,
    QuarantinedView,
    SyncView,
    deferred_view,
    failure_view,
)


def own_sync_view(
    row: OwnSync, state: ModelSyncState, mail: SyncState | None, now: datetime
) -> SyncView:
    """Return one entry; `mail` is the state of the messages, which a derived sync follows."""
    every = state.frequency or row.frequency
    counts = {model: state.of(model) for model in models_of(row)}
    behind = max(0, mail.sequence - state.after) if mail and isinstance(row, Derived) else None
    wrong = _failure(state, now)
    latest = "ERROR" if wrong else "SUCCESS"
    return SyncView(
        id=state.id,
        connection_id=state.connection_id,
        provider_config_key=INTEGRATION,
        name=row.name,
        variant=VARIANT,
        type="INITIAL" if state.initial else "INCREMENTAL",
        status=_status(state, now),
        jobStatus="RUNNING" if state.is_held(now) else latest,
        latestExecutionStatus=latest if state.last_finished_at or wrong else None,
        finishedAt=state.last_finished_at,
        nextScheduledSyncAt=state.next_due_at,
        frequency=in_words(every) if every else "when mail changes" if row.follows else "on demand",
        latestResult={
            model: Counts(added=one.last.added, updated=one.last.updated, deleted=one.last.deleted)
            for model, one in counts.items()
        },
        recordCount={model: one.live for model, one in counts.items()},
        checkpoint=dict(state.checkpoint or ({"after": state.after} if state.after else {})),
        progress=None,
        audit=None,
        error=failure_view(wrong),
        error_site=state.error_site,
        behind=behind,
        held_deletions=sum(one.absence.count for one in counts.values() if one.absence.held),
        coverage="partial" if state.initial else "whole",
        deferred=deferred_view(deferral(state.deferred_until, state.last_error, now)),
        quarantined=QuarantinedView(count=state.quarantined, oldest=None, reasons={}),
    )


def _failure(state: ModelSyncState, now: datetime) -> Failure | None:
    if state.last_error is None:
        return None
    return Failure(state.last_error, state.failing_since or now)


def _status(state: ModelSyncState, now: datetime) -> ReportedStatus:
    if state.status is not SyncStatus.RUNNING:
        return "PAUSED" if state.status is SyncStatus.PAUSED else "STOPPED"
    if state.is_held(now):
        return "RUNNING"
    if state.last_error:
        return "ERROR"
    return "RUNNING" if state.initial else "SUCCESS"
