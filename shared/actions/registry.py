"""What a typed action is, and the one table of them all.

An action is at once an HTTP action, an MCP tool and an OpenAPI entry: all three read the same
row. To add one of your own, put a module with an ACTION into `shared/actions/custom/`: it is
found there (`loading.py`), as is one with a PROJECTION. `shared/actions/README.md` shows how.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from shared.actions.spelling import as_spelled
from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import implied_scopes
from shared.domain.keys.policy import Does
from shared.domain.own_reach import require_reach
from shared.domain.send.draft_copy import DraftCopy
from shared.domain.validation import MAX_TEXT
from shared.errors import (
    ConfigurationError,
    GmailUnavailableError,
    MissingScopeError,
)
from shared.ports.clock import Clock
from shared.ports.container import Container
from shared.ports.google.gmail import Gmail, GmailMailboxes
from shared.usecases.own_code.reach import OwnHttp, OwnReach

I = TypeVar("I", bound=BaseModel)  # noqa: E741  input and output
O = TypeVar("O", bound=BaseModel)  # noqa: E741  the same
T = TypeVar("T")
ACTION_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
LONGEST: Final = timedelta(seconds=270)
"""The most an action may take: less than the time limit of every function that runs actions."""


class Effect(StrEnum):
    """What calling an action twice with one idempotency key does."""

    NONE = "none"
    """It only reads: it simply runs again."""
    STORED = "stored"
    """The first answer is stored and given again."""
    LEDGER = "ledger"
    """It keeps a ledger of its own, as sends do."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person or a policy saw of what a call names only by its id."""

    draft: DraftCopy | None = None
    """The draft to be sent: these bytes leave, whatever it is by then."""
    pin: str | None = None
    """What `Action.pin` said of the rest: where it says something else, the call does not run."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the row of the action that runs may reach beside Gmail."""

    owner: str = "This"
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionContext:
    """One call: whose mailbox, with what around it."""

    connection: Connection
    container: Container
    idempotency_key: str | None = None
    trace_id: str | None = None
    shown: Shown = Shown()
    reach: Reach = Reach()

    @property
    def gmail(self) -> Gmail:
        """The connection's mailbox."""
        return self.use(GmailMailboxes).of(self.connection.id)

    @property
    def clock(self) -> Clock:
        """The deployment's clock."""
        return self.use(Clock)

    @property
    def http(self) -> OwnHttp:
        """The hosts that the action's row names."""
        reach = self.reach
        return self.use(OwnReach).http(reach.owner, reach.hosts, self.connection.id)

    def secret(self, name: str) -> str:
        """Return a secret that the row declares. Raises SecretUnavailableError."""
        return self.use(OwnReach).secret(self.reach.owner, self.reach.secrets)(name)

    def use(self, wanted: type[T]) -> T:
        """Return a use case, or what stands behind a port, by its type."""
        return self.container.use(wanted)


@dataclass(frozen=True, slots=True)
class Replayed(Generic[O]):
    """An answer that is an earlier one, given again for the same idempotency key."""

    output: O


@dataclass(frozen=True, slots=True)
class Action(Generic[I, O]):
    """A row. `scopes`: any one of them, in full or by inclusion, allows the action.

    `does` is what policies of keys go by; an action with an effect that leaves it out is refused
    to every key whose policy might forbid it. An action that has not returned after `timeout` has
    failed, and the same call may run again.

    `permission` is what a key needs besides: it marks an action that changes Postroom's own
    working rather than mail, which no agent is offered.
    """

    name: str
    summary: str
    input: type[I]
    output: type[O]
    run: Callable[[ActionContext, I], Awaitable[O | Replayed[O]]]
    scopes: tuple[str, ...]
    effect: Effect = Effect.NONE
    does: Does | None = None
    timeout: timedelta = timedelta(seconds=60)
    permission: str | None = None
    hosts: tuple[str, ...] = ()
    """What `context.http` may reach: plain names, or `name:port`."""
    secrets: tuple[str, ...] = ()
    """What `context.secret` may read: names of environment variables of its own."""
    agents_need: tuple[str, ...] = ()
    """Scopes of which one must have been granted before an agent is offered it: what few products
    want does not crowd the tools of all others."""
    internal: bool = False
    """Tells of how the mailbox is kept current rather than of mail: no agent is offered it."""
    pin: Callable[[ActionContext, I], Awaitable[str]] | None = None
    """Names the present state of what an id in the input stands for, if that can change: a call
    that waited for approval does not run on another one than was there when it was asked."""

    def __post_init__(self) -> None:
        """Raise ConfigurationError where it could not be called, or not end in time."""
        if not ACTION_NAME.fullmatch(self.name):
            raise ConfigurationError(f"An action is named like label-sender, not {self.name!r}.")
        if not timedelta() < self.timeout <= LONGEST:
            most = f"{LONGEST.total_seconds():g} s"
            raise ConfigurationError(f"{self.name}: a timeout lies between 0 and {most}.")
        scopes: object = self.scopes  # of a deployment's own, which nothing may have checked
        if not isinstance(scopes, tuple | list | frozenset) or not scopes:
            raise ConfigurationError(f"{self.name}: scopes is a tuple with at least one scope.")
        require_reach(self.name, self.hosts, self.secrets)

    @property
    def for_agents(self) -> bool:
        """Whether a model may be given it as a tool."""
        return self.permission is None and not self.internal

    @property
    def doing(self) -> Does:
        """What it does, as its row says or as far as its effect tells."""
        if self.does is not None:
            return self.does
        return Does.READ if self.effect is Effect.NONE else Does.UNKNOWN

    def require_scope(self, connection: Connection) -> None:
        """Raise MissingScopeError, naming the narrowest scope that would do."""
        if not implied_scopes(connection.scopes) & {*self.scopes}:
            raise MissingScopeError(
                f"{self.name} needs the scope {self.scopes[0]}, which the end user did not grant.",
                scope=self.scopes[0],
            )


class ActionInput(BaseModel):
    """Input of an action: unknown fields are refused, and text too long for its parsers.

    A field is known in whatever case it is spelled (`spelling.py`).

    A field that takes more than `MAX_TEXT` characters says so: `Field(max_length=...)`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        str_max_length=MAX_TEXT,
        defer_build=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _as_spelled(cls, given: Any) -> object:
        return as_spelled(cls, given)


class ActionOutput(BaseModel):
    """Output of an action of ours, and what it is made of; its schema is built at its first use."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, defer_build=True)


class GmailShaped(BaseModel):
    """Output that is Gmail's own object: its fields are named, further ones pass through."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    @classmethod
    def model_validate(cls, obj: Any, **given: Any) -> Self:
        """Read what Gmail answered. Raises GmailUnavailableError for any other shape."""
        try:
            return super().model_validate(obj, **given)
        except ValidationError:
            # Its words quote the answer: they are dropped.
            raise GmailUnavailableError("Gmail's answer is not what it documents.") from None
