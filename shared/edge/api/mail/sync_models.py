"""What the syncs resource takes, and which names of syncs there are (API 5)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.actions.projections import projections
from shared.domain.models.sync import OwnSyncs
from shared.domain.sync.alias import SyncAliases
from shared.domain.sync.event import SYNC_ALIAS, SYNC_NAME, VARIANT, UnknownSyncError
from shared.edge.web.routes import RequestModel, ResponseModel
from shared.errors import InvalidRequestError

NAMES = (SYNC_NAME, SYNC_ALIAS)


def known_sync(name: str, own: OwnSyncs, aliases: SyncAliases) -> str:
    """Return the sync's own name. Raises UnknownSyncError."""
    if name in NAMES:
        return SYNC_NAME
    made = projections(aliases).values()
    derived = [*(one.sync for one in made), *(one.name for one in own.rows)]
    if name not in derived:
        raise UnknownSyncError(f"The syncs here are {', '.join((*NAMES, *derived))}.")
    return name


def own_sync(name: str, own: OwnSyncs, aliases: SyncAliases) -> str:
    """Return the name of a sync that has a state of its own: the mailbox's, of an alias.

    Raises UnknownSyncError, and InvalidRequestError for a projection: it is made of the messages
    while it is read, so what was done to it would be done to the whole mailbox.
    """
    known = known_sync(name, own, aliases)
    if known in aliases.syncs:
        return SYNC_NAME
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

    provider_config_key: str | None = Field(
        None, description="May stand in the header `Provider-Config-Key` instead."
    )
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
    """`sync_mode` is the older way to say what `opts` says, `full_resync` the oldest."""

    opts: TriggerOptions | None = None
    sync_mode: Literal["incremental", "full_refresh", "full_refresh_and_clear_cache"] | None = None
    full_resync: bool = Field(default=False, description="Heeded where there is no `sync_mode`.")

    @property
    def reset(self) -> bool:
        """Whether the whole window is to be read again."""
        asked = self.opts is not None and (self.opts.reset or self.opts.emptyCache)
        if self.sync_mode is None:
            return asked or self.full_resync
        return asked or self.sync_mode != "incremental"

    @property
    def empties(self) -> bool:
        """Whether the records are to be emptied first."""
        asked = self.opts is not None and self.opts.emptyCache
        return asked or self.sync_mode == "full_refresh_and_clear_cache"


class StatusQuery(RequestModel):
    """`syncs` is `*` or a comma list."""

    syncs: Annotated[str, Field(max_length=2_000), AfterValidator(_full_names)] = "*"

    def names(self, own: OwnSyncs, aliases: SyncAliases) -> frozenset[str] | None:
        """Return the syncs that are asked for, None where all are. Raises UnknownSyncError."""
        if self.syncs == "*":
            return None
        named = (one.partition("::")[0] for one in self.syncs.split(","))
        return frozenset(known_sync(one, own, aliases) for one in named)


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
