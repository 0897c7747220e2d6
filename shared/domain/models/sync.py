"""What an own sync is: a row of a table, written by a deployment's developer.

A `Sync` is a function that saves records of its models; a `Derived` makes rows of the messages
that Postroom keeps already, a message or a thread at a time, without any call to Gmail.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter

from shared.domain.connect.scopes import READONLY
from shared.domain.own_reach import require_reach
from shared.domain.sync.alias import MODEL_NAME, SYNC_NAME
from shared.errors import ConfigurationError

if TYPE_CHECKING:
    from shared.domain.mail.reading.email_message import EmailMessage

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=31)
HOUR: Final = timedelta(hours=1)
WEEK: Final = timedelta(days=7)
MOST_MODELS: Final = 5
FLAT: Final = (str, int, float, bool, datetime)
"""What a checkpoint may hold: the official client knows no other."""
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Sync:
    """A row: `run` is awaited with a SyncContext, saves records, and returns.

    `key` is the field that is a record's id. Raise `version` when a row means something else: all
    is read again. `checkpoint` is a flat dataclass that `run` gets back after each commit, through
    any crash. `frequency` None runs on demand, or on mail alone (`on="messages"`). All `scopes`
    are needed. `hosts` are what `context.http` may reach, `secrets` the names that
    `context.secret` may read. `recheck` is how often a sync with a
    checkpoint begins again without one, to find what changes alone do not tell.
    """

    name: str
    summary: str
    models: tuple[type[Any], ...]
    run: Callable[[Any], Awaitable[None]]
    key: str = "id"
    version: int = 1
    checkpoint: type[Any] | None = None
    frequency: timedelta | None = HOUR
    on: Literal["messages"] | None = None
    auto_start: bool = True
    scopes: tuple[str, ...] = (READONLY,)
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    metadata: type[Any] | None = None
    recheck: timedelta | None = WEEK
    agents: bool = True

    def __post_init__(self) -> None:
        """Raise ConfigurationError where it could not run."""
        _require_row(self.name, self.models, self.key, self.version)
        if self.frequency is not None and not SHORTEST <= self.frequency <= LONGEST:
            raise ConfigurationError(f"{self.name}: a frequency lies between 1 minute and 31 days.")
        if not self.scopes:
            raise ConfigurationError(f"{self.name}: scopes is a tuple with at least one scope.")
        require_reach(self.name, self.hosts, self.secrets)
        if self.checkpoint is not None and not _is_flat(self.checkpoint):
            raise ConfigurationError(f"{self.name}: a checkpoint holds text, numbers and times.")

    @property
    def follows(self) -> bool:
        """Whether it is woken when stored mail changed."""
        return self.on == "messages"


@dataclass(frozen=True, slots=True)
class Derived:
    """A row: `rows` makes the records of one message, or of one thread's, oldest first.

    `rows` must be pure. Where it makes a row no more, the record ends; a thread without live
    messages has no rows, and `rows` is not asked.
    """

    name: str
    summary: str
    model: type[Any]
    by: Literal["message", "thread"]
    rows: "Callable[[Sequence[EmailMessage]], Sequence[Any]]"
    key: str = "id"
    version: int = 1
    auto_start: bool = True
    agents: bool = True

    def __post_init__(self) -> None:
        """Raise ConfigurationError where it could not run."""
        _require_row(self.name, (self.model,), self.key, self.version)
        if self.by not in {"message", "thread"}:
            raise ConfigurationError(f"{self.name}: by is message or thread.")

    @property
    def models(self) -> tuple[type[Any], ...]:
        """Its one model."""
        return (self.model,)

    @property
    def follows(self) -> bool:
        """Whether it is woken when stored mail changed: always."""
        return True

    @property
    def frequency(self) -> timedelta | None:
        """It has none: it follows."""
        return None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the messages were read with."""
        return (READONLY,)


OwnSync = Sync | Derived


@dataclass(frozen=True, slots=True)
class OwnSyncs:
    """Every own sync of the deployment, by name."""

    rows: tuple[OwnSync, ...] = ()

    def get(self, name: str) -> OwnSync | None:
        """Return the sync of that name, if there is one."""
        return next((one for one in self.rows if one.name == name), None)

    def of_model(self, model: str) -> OwnSync | None:
        """Return the sync that owns the model, if one does."""
        return next((one for one in self.rows if model in models_of(one)), None)

    @property
    def fingerprint(self) -> str:
        """Names and versions: where it is another one, connections have to be looked at."""
        return " ".join(sorted(f"{one.name}@{one.version}" for one in self.rows))


def models_of(sync: OwnSync) -> tuple[str, ...]:
    """Return the names of its models."""
    return tuple(one.__name__ for one in sync.models)


def adapter_of(model: type[Any]) -> TypeAdapter[Any]:
    """Return what reads and writes rows of a dataclass or pydantic model; unknown is refused."""
    hashable: Any = model
    return _adapter(hashable)


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(model, config=_STRICT)
    except Exception:  # noqa: BLE001  a pydantic model brings its own configuration
        return TypeAdapter(model)


def _require_row(name: str, models: tuple[type[Any], ...], key: str, version: int) -> None:
    if not SYNC_NAME.fullmatch(name):
        raise ConfigurationError(f"A sync is named like sync-labels, not {name!r}.")
    if not 1 <= len(models) <= MOST_MODELS or version < 1:
        raise ConfigurationError(f"{name}: 1 to {MOST_MODELS} models, and a version from 1 on.")
    for model in models:
        fields = get_type_hints(model)
        if not MODEL_NAME.fullmatch(model.__name__):
            raise ConfigurationError(f"{name}: a model is named like Invoice.")
        if key not in fields or (key != "id" and "id" in fields):
            raise ConfigurationError(f"{name}: {model.__name__} has its id in the field {key!r}.")


def _is_flat(checkpoint: type[Any]) -> bool:
    hints = get_type_hints(checkpoint).values()
    unions = {Union, UnionType}
    kinds = (
        kind
        for hint in hints
        for kind in (get_args(hint) if get_origin(hint) in unions else (hint,))
    )
    return all(kind in FLAT or kind is type(None) for kind in kinds)
