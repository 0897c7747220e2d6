"""What the syncs resource takes and answers, and a sync state as it is shown (API 5)."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from shared.actions.projections import projections
from shared.domain.connect.connection import INTEGRATION
from shared.domain.models.sync import OwnSyncs
from shared.domain.sync.event import MODEL, SYNC_ALIAS, SYNC_NAME, VARIANT, UnknownSyncError
from shared.domain.sync.frequency import in_words
from shared.domain.sync.projection import Projection
from shared.domain.sync.state import Audit, Backfill, SyncState, SyncStatus
from shared.edge.web.routes import LEFT_OUT, RequestModel, ResponseModel
from shared.errors import InvalidRequestError

NAMES = (SYNC_NAME, SYNC_ALIAS)


def known_sync(name: str, own: OwnSyncs) -> str:
    """Return the sync's own name. Raises UnknownSyncError."""
    if name in NAMES:
        return SYNC_NAME
    derived = [*(one.sync for one in projections().values()), *(one.name for one in own.rows)]
    if name not in derived:
        raise UnknownSyncError(f"The syncs here are {', '.join((*NAMES, *derived))}.")
    return name


def own_sync(name: str, own: OwnSyncs) -> str:
    """Return the name of a sync that has a state of its own.

    Raises UnknownSyncError, and InvalidRequestError for a projection: it is made of the messages
    while it is read, so what was done to it would be done to the whole mailbox.
    """
    known = known_sync(name, own)
    if known != SYNC_NAME and own.get(known) is None:
        raise InvalidRequestError(
            f"{name} has no state of its own: its records are made of {SYNC_NAME} while they are "
            f"read. Call it with {SYNC_NAME}, which pauses, starts, resets or re-times the whole "
            "mailbox.",
            code="derived_sync",
        )
    return known


def _variant(name: str) -> str:
    if name != VARIANT:
        raise ValueError(f"the only variant here is {VARIANT!r}")
    return name


def _full_names(joined: str) -> str:
    """Check the variants in `*` or a comma list of names, each perhaps with `::variant`."""
    for one in joined.split(","):
        _variant(one.partition("::")[2] or VARIANT)
    return joined


SyncName = Annotated[str, Field(max_length=100)]
VariantName = Annotated[str, AfterValidator(_variant)]


class NamedSync(RequestModel):
    """A sync and its variant."""

    name: SyncName
    variant: VariantName = VARIANT


class SyncsBody(RequestModel):
    """Which syncs of which connection; `[]` means all, no connection means every one."""

    provider_config_key: str
    connection_id: str | None = None
    syncs: list[SyncName | NamedSync] = Field([], max_length=20)

    @property
    def names(self) -> list[str]:
        """The names as they are given; empty where every sync is meant."""
        return [one if isinstance(one, str) else one.name for one in self.syncs]


class TriggerOptions(RequestModel):
    """`reset` reads the whole window again."""

    reset: bool = False
    emptyCache: bool = False  # noqa: N815  the client's spelling


class TriggerBody(SyncsBody):
    """`sync_mode` is the older way to say what `opts` says."""

    opts: TriggerOptions | None = None
    sync_mode: Literal["incremental", "full_refresh", "full_refresh_and_clear_cache"] | None = None

    @property
    def reset(self) -> bool:
        """Whether the whole window is to be read again."""
        asked = self.opts is not None and (self.opts.reset or self.opts.emptyCache)
        return asked or self.sync_mode not in {None, "incremental"}

    @property
    def empties(self) -> bool:
        """Whether the records are to be emptied first."""
        asked = self.opts is not None and self.opts.emptyCache
        return asked or self.sync_mode == "full_refresh_and_clear_cache"


class StatusQuery(RequestModel):
    """`syncs` is `*` or a comma list."""

    syncs: Annotated[str, Field(max_length=2_000), AfterValidator(_full_names)] = "*"

    def names(self, own: OwnSyncs) -> frozenset[str] | None:
        """Return the syncs that are asked for, None where all are. Raises UnknownSyncError."""
        if self.syncs == "*":
            return None
        named = (one.partition("::")[0] for one in self.syncs.split(","))
        return frozenset(known_sync(one, own) for one in named)


class FrequencyBody(RequestModel):
    """`frequency` null goes back to the default, every hour."""

    provider_config_key: str
    connection_id: str
    sync_name: SyncName
    sync_variant: VariantName = VARIANT
    frequency: str | None = Field(max_length=40)


class FrequencyAnswer(ResponseModel):
    """The frequency in force."""

    frequency: str


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


Status = Literal["RUNNING", "PAUSED", "STOPPED", "SUCCESS", "ERROR"]


class SyncView(ResponseModel):
    """One sync of one connection; results and counts are by model."""

    id: str
    connection_id: str
    provider_config_key: str
    name: str
    variant: str
    type: Literal["INITIAL", "INCREMENTAL"]
    status: Status
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
    error: str | None
    error_site: str | None = LEFT_OUT
    behind: int | None = LEFT_OUT
    held_deletions: int | None = LEFT_OUT
    quarantined: int | None = LEFT_OUT


class SyncsStatus(ResponseModel):
    """One entry a sync and connection."""

    syncs: list[SyncView]


def sync_view(state: SyncState, now: datetime) -> SyncView:
    """Return one entry of GET /sync/status; of a run, nothing is said before one has finished."""
    latest: Literal["ERROR", "SUCCESS"] = "ERROR" if state.last_error else "SUCCESS"
    tally = state.last_tally
    return SyncView(
        id=f"{state.connection_id}:{SYNC_NAME}",
        connection_id=state.connection_id,
        provider_config_key=INTEGRATION,
        name=SYNC_NAME,
        variant=VARIANT,
        type="INCREMENTAL" if _has_backfilled(state) else "INITIAL",
        status=_status(state, now),
        jobStatus="RUNNING" if state.held(now) else latest,
        latestExecutionStatus=latest if state.last_finished_at else None,
        finishedAt=state.last_finished_at,
        nextScheduledSyncAt=state.next_due_at,
        frequency=in_words(state.frequency),
        latestResult={
            MODEL: Counts(added=tally.added, updated=tally.updated, deleted=tally.deleted)
        },
        recordCount={MODEL: state.live_records},
        checkpoint=_checkpoint(state),
        progress=_progress(state, now),
        audit=_audit(state.audit),
        error=state.last_error,
    )


def projection_view(state: SyncState, now: datetime, projection: Projection[Any]) -> SyncView:
    """Return the entry of a projection: it is as current as the messages it is made of.

    It is made while it is read, so its records are not counted.
    """
    own = {
        "id": f"{state.connection_id}:{projection.sync}",
        "name": projection.sync,
        "latestResult": {},
        "recordCount": {},
    }
    return sync_view(state, now).model_copy(update=own)


def _has_backfilled(state: SyncState) -> bool:
    return state.backfill is not None and state.backfill.finished_at is not None


def _status(state: SyncState, now: datetime) -> Status:
    if state.status is not SyncStatus.RUNNING:
        return "PAUSED" if state.status is SyncStatus.PAUSED else "STOPPED"
    if state.held(now) or not _has_backfilled(state) or state.recovering_since is not None:
        return "ERROR" if state.failures and not state.held(now) else "RUNNING"
    return "ERROR" if state.last_error else "SUCCESS"


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


def _progress(state: SyncState, now: datetime) -> Progress | None:
    backfill = state.backfill
    if backfill is None:
        return None
    total = backfill.estimated_total
    return Progress(
        listed=backfill.listed,
        stored=backfill.stored,
        estimated_total=None if total is None else max(total, backfill.stored),
        eta_s=_seconds_left(backfill, now),
        finished_at=backfill.finished_at,
    )


def _seconds_left(backfill: Backfill, now: datetime) -> int | None:
    """Return the rest at the pace so far; None where nothing can be said yet."""
    if backfill.finished_at is not None:
        return 0
    spent = now - backfill.started_at
    if not backfill.stored or not backfill.estimated_total or spent <= timedelta():
        return None
    left = max(backfill.estimated_total - backfill.stored, 0)
    return round(left * spent.total_seconds() / backfill.stored)
