"""What the syncs resource takes and answers (API 5)."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.actions.projections import projections
from shared.domain.sync_event import SYNC_ALIAS, SYNC_NAME, VARIANT, UnknownSyncError
from shared.edge.http.routes import Answer, Strict
from shared.errors import InvalidRequestError

NAMES = (SYNC_NAME, SYNC_ALIAS)


def known_sync(name: str) -> str:
    """Return the sync's own name. Raises UnknownSyncError."""
    if name in NAMES:
        return SYNC_NAME
    derived = [one.sync for one in projections().values()]
    if name not in derived:
        raise UnknownSyncError(f"The syncs here are {', '.join((*NAMES, *derived))}.")
    return name


def own_sync(name: str) -> str:
    """Return the name of a sync that has a state of its own.

    Raises UnknownSyncError, and InvalidRequestError for a projection: it is made of the messages
    while it is read, so what was done to it would be done to the whole mailbox.
    """
    if known_sync(name) != SYNC_NAME:
        raise InvalidRequestError(
            f"{name} has no state of its own: its records are made of {SYNC_NAME} while they are "
            f"read. Call it with {SYNC_NAME}, which pauses, starts, resets or re-times the whole "
            "mailbox.",
            code="derived_sync",
        )
    return SYNC_NAME


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


class NamedSync(Strict):
    """A sync and its variant."""

    name: SyncName
    variant: VariantName = VARIANT


class SyncsBody(Strict):
    """Which syncs of which connection; `[]` means all, no connection means every one."""

    provider_config_key: str
    connection_id: str | None = None
    syncs: list[SyncName | NamedSync] = Field([], max_length=20)

    @property
    def names(self) -> list[str]:
        """The names as they are given; empty where every sync is meant."""
        return [one if isinstance(one, str) else one.name for one in self.syncs]


class TriggerOptions(Strict):
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


class StatusQuery(Strict):
    """`syncs` is `*` or a comma list."""

    syncs: Annotated[str, Field(max_length=2_000), AfterValidator(_full_names)] = "*"

    @property
    def names(self) -> frozenset[str] | None:
        """The syncs that are asked for, None where all are. Raises UnknownSyncError."""
        if self.syncs == "*":
            return None
        return frozenset(known_sync(one.partition("::")[0]) for one in self.syncs.split(","))


class FrequencyBody(Strict):
    """`frequency` null goes back to the default, every hour."""

    provider_config_key: str
    connection_id: str
    sync_name: SyncName
    sync_variant: VariantName = VARIANT
    frequency: str | None = Field(max_length=40)


class FrequencyAnswer(Answer):
    """The frequency in force."""

    frequency: str


class Counts(Answer):
    """Records that one run changed."""

    added: int
    updated: int
    deleted: int


class Checkpoint(Answer):
    """The durable point the sync resumes from; what is not known yet is left out."""

    history_id: str | None = None
    sequence: int
    window: str
    window_start: datetime | None = None
    last_delta_at: datetime | None = None


class Progress(Answer):
    """How far the first reading of the mailbox is."""

    listed: int
    stored: int
    estimated_total: int | None
    eta_s: int | None
    finished_at: datetime | None


class AuditView(Answer):
    """A comparison of the whole window with the records; its counts are what it had to heal."""

    requested_at: datetime
    finished_at: datetime | None
    coverage: float | None
    listed: int
    missing: int
    gone: int
    relabelled: int


class SyncView(Answer):
    """One sync of one connection; results and counts are by model."""

    id: str
    connection_id: str
    provider_config_key: str
    name: str
    variant: str
    type: Literal["INITIAL", "INCREMENTAL"]
    status: Literal["RUNNING", "PAUSED", "STOPPED", "SUCCESS", "ERROR"]
    jobStatus: Literal["RUNNING", "SUCCESS", "ERROR"]  # noqa: N815  the client's spelling
    latestExecutionStatus: Literal["SUCCESS", "ERROR"] | None = None  # noqa: N815
    finishedAt: datetime | None = None  # noqa: N815
    nextScheduledSyncAt: datetime | None  # noqa: N815
    frequency: str
    latestResult: dict[str, Counts]  # noqa: N815
    recordCount: dict[str, int]  # noqa: N815
    checkpoint: Checkpoint
    progress: Progress | None
    audit: AuditView | None
    error: str | None


class SyncsStatus(Answer):
    """One entry a sync and connection."""

    syncs: list[SyncView]
