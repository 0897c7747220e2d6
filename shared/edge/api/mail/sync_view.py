"""A sync's state, as GET /sync/status shows it (API 5.3)."""

from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from shared.domain.connect.connection import INTEGRATION, Connection
from shared.domain.connect.scopes import reads
from shared.domain.sync.alias import SyncAlias
from shared.domain.sync.event import MODEL, SYNC_NAME, VARIANT
from shared.domain.sync.frequency import in_words
from shared.domain.sync.records.projection import Projection
from shared.domain.sync.state import Audit, Backfill, SyncState
from shared.domain.sync.status import (
    Coverage,
    Deferral,
    Failure,
    ReportedStatus,
    SetAside,
    coverage,
    deferral,
    failure,
    has_backfilled,
    reported_status,
)
from shared.domain.troubles import description_of, docs_of
from shared.edge.web.routes import LEFT_OUT, ResponseModel
from shared.errors import NotGrantedError


class Counts(ResponseModel):
    """Records that one run changed."""

    added: int
    updated: int
    deleted: int


class Checkpoint(ResponseModel):
    """The durable point the sync resumes from; what is not known yet is left out.

    Flat fields without nulls: the official client knows no others in a checkpoint.
    """

    history_id: str | None = LEFT_OUT
    sequence: int
    window: str
    window_start: datetime | None = LEFT_OUT
    last_delta_at: datetime | None = LEFT_OUT


class Progress(ResponseModel):
    """How far the first reading of the mailbox is."""

    listed: int
    stored: int
    estimated_total: int | None
    eta_s: int | None
    finished_at: datetime | None


class AuditView(ResponseModel):
    """A comparison of the whole window with the records; its counts are what it had to heal."""

    requested_at: datetime
    finished_at: datetime | None
    coverage: float | None
    listed: int
    missing: int
    gone: int
    relabelled: int


class DeferredView(ResponseModel):
    """Nothing is read before `until`."""

    concern: str = Field(alias="class", description="rate, passing, mailbox, deployment...")
    until: datetime


class QuarantinedView(ResponseModel):
    """Messages that could not be stored yet, `count` at most 1,000; reasons with their counts."""

    count: int
    oldest: datetime | None
    reasons: dict[str, int]


class FailureView(ResponseModel):
    """What is wrong: a code, what it means, since when, and the page below `/docs` that helps."""

    type: str
    description: str
    since: datetime
    docs: str | None


class SyncView(ResponseModel):
    """One sync of one connection; results and counts are by model."""

    id: str
    connection_id: str
    provider_config_key: str
    name: str
    variant: str
    type: Literal["INITIAL", "INCREMENTAL"]
    status: ReportedStatus
    jobStatus: Literal["RUNNING", "SUCCESS", "ERROR"]  # noqa: N815  the client's spelling
    latestExecutionStatus: Literal["SUCCESS", "ERROR"] | None = LEFT_OUT  # noqa: N815
    finishedAt: datetime | None = LEFT_OUT  # noqa: N815
    nextScheduledSyncAt: datetime | None  # noqa: N815
    frequency: str
    latestResult: dict[str, Counts]  # noqa: N815
    recordCount: dict[str, int]  # noqa: N815
    checkpoint: Checkpoint | dict[str, str | int | float | bool]
    progress: Progress | None
    audit: AuditView | None
    error: FailureView | None
    coverage: Coverage
    deferred: DeferredView | None
    quarantined: QuarantinedView
    error_site: str | None = LEFT_OUT
    behind: int | None = LEFT_OUT
    held_deletions: int | None = LEFT_OUT


class SyncsStatus(ResponseModel):
    """One entry a sync and connection."""

    syncs: list[SyncView]


def sync_view(state: SyncState, now: datetime, connection: Connection, aside: SetAside) -> SyncView:
    """Return one entry of GET /sync/status; of a run, nothing is said before one has finished."""
    wrong = failure(connection, state)
    latest: Literal["ERROR", "SUCCESS"] = "ERROR" if wrong else "SUCCESS"
    why = wrong if reads(connection.scopes) or wrong else _sends_only(connection)
    tally = state.last_tally
    return SyncView(
        id=f"{state.connection_id}:{SYNC_NAME}",
        connection_id=state.connection_id,
        provider_config_key=INTEGRATION,
        name=SYNC_NAME,
        variant=VARIANT,
        type="INCREMENTAL" if has_backfilled(state) else "INITIAL",
        status=reported_status(state, connection.status, now),
        jobStatus="RUNNING" if state.is_held(now) else latest,
        latestExecutionStatus=latest if state.last_finished_at else None,
        finishedAt=state.last_finished_at,
        nextScheduledSyncAt=state.next_due_at,
        frequency=in_words(state.frequency),
        latestResult={
            MODEL: Counts(added=tally.added, updated=tally.updated, deleted=tally.deleted)
        },
        recordCount={MODEL: state.live_records},
        checkpoint=_checkpoint(state),
        progress=progress_view(state, now),
        audit=_audit(state.audit),
        error=failure_view(why),
        coverage=coverage(state),
        deferred=deferred_view(deferral(state.deferred_until, state.last_error, now)),
        quarantined=quarantined_view(aside),
    )


def projection_view(whole: SyncView, projection: Projection[Any], alias: SyncAlias) -> SyncView:
    """Return the entry of a projection: it is as current as the messages it is made of.

    It is made while it is read, so its records are not counted, but for the alias's: there is one
    of each message.
    """
    counted = projection.name == alias.model
    own = {
        "id": f"{whole.connection_id}:{projection.sync}",
        "name": projection.sync,
        "latestResult": {alias.model: whole.latestResult[MODEL]} if counted else {},
        "recordCount": {alias.model: whole.recordCount[MODEL]} if counted else {},
    }
    return whole.model_copy(update=own)


def _sends_only(connection: Connection) -> Failure:
    """Return why nothing is read, which is no failure."""
    return Failure(NotGrantedError.code, connection.created_at)


def failure_view(found: Failure | None) -> FailureView | None:
    """Return what is wrong in words."""
    if found is None:
        return None
    told = description_of(found.code)
    return FailureView(
        type=found.code, description=told, since=found.since, docs=docs_of(found.code)
    )


def quarantined_view(aside: SetAside) -> QuarantinedView:
    """Return the quarantine in numbers."""
    return QuarantinedView(count=aside.count, oldest=aside.oldest, reasons=dict(aside.reasons))


def deferred_view(found: Deferral | None) -> DeferredView | None:
    """Return until when nothing is read, and why."""
    if found is None:
        return None
    return DeferredView(**{"class": found.concern.value}, until=found.until)


def _checkpoint(state: SyncState) -> Checkpoint:
    return Checkpoint(
        history_id=None if state.checkpoint is None else str(state.checkpoint),
        sequence=state.sequence,
        window=state.window,
        window_start=state.window_start,
        last_delta_at=state.last_delta_at,
    )


def _audit(audit: Audit | None) -> AuditView | None:
    if audit is None:
        return None
    return AuditView(
        requested_at=audit.requested_at,
        finished_at=audit.finished_at,
        coverage=audit.coverage if audit.finished_at else None,
        listed=audit.listed,
        missing=audit.missing,
        gone=audit.gone,
        relabelled=audit.relabelled,
    )


def progress_view(state: SyncState, now: datetime) -> Progress | None:
    """Return how far the first reading is; None before it has begun."""
    backfill = state.backfill
    if backfill is None:
        return None
    total = backfill.estimated_total
    again = backfill.pass_number > 1  # all was listed before; it is only looked through once more
    return Progress(
        listed=max(backfill.listed, total or 0) if again else backfill.listed,
        stored=backfill.stored,
        estimated_total=None if total is None else max(total, backfill.stored),
        eta_s=_seconds_left(backfill, now),
        finished_at=backfill.finished_at,
    )


def _seconds_left(backfill: Backfill, now: datetime) -> int | None:
    """Return the rest at the pace so far; None where nothing can be said yet.

    The first messages are read with what the quota had saved up: they took less time than the
    quota takes to accrue, and the rest will take that.
    """
    if backfill.finished_at is not None:
        return 0
    spent = max(now - backfill.started_at, backfill.paced)
    if not backfill.stored or not backfill.estimated_total or spent <= timedelta():
        return None
    left = max(backfill.estimated_total - backfill.stored, 0)
    return round(left * spent.total_seconds() / backfill.stored)
