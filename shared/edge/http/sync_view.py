"""A sync state as the API shows it (API 5)."""

from datetime import datetime, timedelta
from typing import Any

from shared.domain.connection import INTEGRATION
from shared.domain.frequency import in_words
from shared.domain.projection import Projection
from shared.domain.sync_event import MODEL, SYNC_NAME, VARIANT
from shared.domain.sync_state import Audit, Backfill, SyncState, SyncStatus


def sync_view(state: SyncState, now: datetime) -> dict[str, Any]:
    """Answer one entry of GET /sync/status; of a run, nothing is said before one has finished."""
    latest = "ERROR" if state.last_error else "SUCCESS"
    tally = state.last_tally
    finished = {"latestExecutionStatus": latest, "finishedAt": state.last_finished_at}
    return {
        "id": f"{state.connection_id}:{SYNC_NAME}",
        "connection_id": state.connection_id,
        "provider_config_key": INTEGRATION,
        "name": SYNC_NAME,
        "variant": VARIANT,
        "type": "INCREMENTAL" if _backfilled(state) else "INITIAL",
        "status": _status(state, now),
        "jobStatus": "RUNNING" if state.held(now) else latest,
        **(finished if state.last_finished_at else {}),
        "nextScheduledSyncAt": state.next_due_at,
        "frequency": in_words(state.frequency),
        "latestResult": {
            MODEL: {"added": tally.added, "updated": tally.updated, "deleted": tally.deleted}
        },
        "recordCount": {MODEL: state.live_records},
        "checkpoint": _checkpoint(state),
        "progress": _progress(state, now),
        "audit": _audit(state.audit),
        "error": state.last_error,
    }


def projection_view(state: SyncState, now: datetime, projection: Projection[Any]) -> dict[str, Any]:
    """Answer the entry of a projection: it is as current as the messages it is made of.

    It is made while it is read, so nobody has counted its records.
    """
    return {
        **sync_view(state, now),
        "id": f"{state.connection_id}:{projection.sync}",
        "name": projection.sync,
        "latestResult": {},
        "recordCount": {},
    }


def _backfilled(state: SyncState) -> bool:
    return state.backfill is not None and state.backfill.finished_at is not None


def _status(state: SyncState, now: datetime) -> str:
    if state.status is not SyncStatus.RUNNING:
        return state.status.value.upper()
    if state.held(now) or not _backfilled(state) or state.recovering_since is not None:
        return "ERROR" if state.failures and not state.held(now) else "RUNNING"
    return "ERROR" if state.last_error else "SUCCESS"


def _checkpoint(state: SyncState) -> dict[str, Any]:
    """Answer flat fields without nulls: the official client knows no others in a checkpoint."""
    fields = {
        "history_id": None if state.checkpoint is None else str(state.checkpoint),
        "sequence": state.sequence,
        "window": state.window,
        "window_start": state.window_start,
        "last_delta_at": state.last_delta_at,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _audit(audit: Audit | None) -> dict[str, Any] | None:
    if audit is None:
        return None
    return {
        "requested_at": audit.requested_at,
        "finished_at": audit.finished_at,
        "coverage": audit.coverage if audit.finished_at else None,
        "listed": audit.listed,
        "missing": audit.missing,
        "gone": audit.gone,
        "relabelled": audit.relabelled,
    }


def _progress(state: SyncState, now: datetime) -> dict[str, Any] | None:
    backfill = state.backfill
    if backfill is None:
        return None
    total = backfill.estimated_total
    return {
        "listed": backfill.listed,
        "stored": backfill.stored,
        "estimated_total": None if total is None else max(total, backfill.stored),
        "eta_s": _seconds_left(backfill, now),
        "finished_at": backfill.finished_at,
    }


def _seconds_left(backfill: Backfill, now: datetime) -> int | None:
    """Answer the rest at the pace so far; None where nothing can be said yet."""
    if backfill.finished_at is not None:
        return 0
    spent = now - backfill.started_at
    if not backfill.stored or not backfill.estimated_total or spent <= timedelta():
        return None
    left = max(backfill.estimated_total - backfill.stored, 0)
    return round(left * spent.total_seconds() / backfill.stored)
