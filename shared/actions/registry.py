"""What a typed action is, and the one table of them all.

An action is at once an HTTP action, an MCP tool and an OpenAPI entry: all three read the same
row. To add one of your own, put a module with an ACTION into `shared/actions/custom/`: it is
found there, as is one with a PROJECTION (`projections.py`). `shared/actions/README.md` shows how.
Postroom's own modules are named in `BUILT_IN`.
"""

import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.domain.connection import Connection
from shared.domain.policy import Does
from shared.domain.scopes import allowed
from shared.errors import (
    ConfigurationError,
    GmailUnavailableError,
    MissingScopeError,
    UnknownActionError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants, Mailboxes
from shared.ports.gmail import Gmail, GmailMailboxes
from shared.ports.oauth import Sealer
from shared.ports.outbox import Operations, Outbox
from shared.ports.queue import Queue
from shared.ports.sends import ActionResults, Sends
from shared.ports.sync_store import Records
from shared.usecases.arm_watch import ArmWatch

I = TypeVar("I", bound=BaseModel)  # noqa: E741  input and output
O = TypeVar("O", bound=BaseModel)  # noqa: E741  the same
R = TypeVar("R")


class Effect(StrEnum):
    """What calling an action twice with one idempotency key does."""

    NONE = "none"
    """It only reads: it simply runs again."""
    STORED = "stored"
    """The first answer is stored and given again."""
    LEDGER = "ledger"
    """It keeps a ledger of its own, as sends do."""


class ActionPorts(Protocol):
    """What an action may be built from; the wiring is one."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def gmail(self) -> GmailMailboxes: ...  # noqa: D102
    @property
    def connections(self) -> Connections: ...  # noqa: D102
    @property
    def grants(self) -> Grants: ...  # noqa: D102
    @property
    def mailboxes(self) -> Mailboxes: ...  # noqa: D102
    @property
    def records(self) -> Records: ...  # noqa: D102
    @property
    def sends(self) -> Sends: ...  # noqa: D102
    @property
    def outbox(self) -> Outbox: ...  # noqa: D102
    @property
    def operations(self) -> Operations: ...  # noqa: D102
    @property
    def action_results(self) -> ActionResults: ...  # noqa: D102
    @property
    def queue(self) -> Queue: ...  # noqa: D102
    @property
    def sealer(self) -> Sealer: ...  # noqa: D102
    @property
    def arm_watch(self) -> ArmWatch: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class ActionContext:
    """One call: whose mailbox, with what around it.

    `replayed` is set by an action with a ledger of its own that answers from it.
    """

    connection: Connection
    ports: ActionPorts
    idempotency_key: str | None = None
    trace_id: str | None = None

    @property
    def gmail(self) -> Gmail:
        """The connection's mailbox."""
        return self.ports.gmail.of(self.connection.id)


@dataclass(frozen=True, slots=True)
class Replayed(Generic[O]):
    """An answer that is an earlier one, given again for the same idempotency key."""

    output: O


@dataclass(frozen=True, slots=True)
class Action(Generic[I, O]):
    """A row. `scopes`: any one of them, in full or by inclusion, allows the action.

    `does` is what policies of keys go by; an action with an effect that leaves it out is refused
    to every key whose policy might forbid it.
    """

    name: str
    summary: str
    input: type[I]
    output: type[O]
    run: Callable[[ActionContext, I], Awaitable[O | Replayed[O]]]
    scopes: tuple[str, ...]
    effect: Effect = Effect.NONE
    does: Does | None = None

    @property
    def doing(self) -> Does:
        """What it does, as its row says or as far as its effect tells."""
        if self.does is not None:
            return self.does
        return Does.READ if self.effect is Effect.NONE else Does.UNTOLD

    def require_scope(self, connection: Connection) -> None:
        """Raise MissingScopeError, naming the narrowest scope that would do."""
        if not allowed(connection.scopes) & {*self.scopes}:
            raise MissingScopeError(
                f"{self.name} needs the scope {self.scopes[0]}, which the end user did not grant.",
                scope=self.scopes[0],
            )


class ActionInput(BaseModel):
    """Input of an action: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class GmailShaped(BaseModel):
    """Output that is Gmail's own object: its fields are named, further ones pass through."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @classmethod
    def model_validate(cls, obj: Any, **given: Any) -> Self:
        """Read what Gmail answered. Raises GmailUnavailableError for any other shape."""
        try:
            return super().model_validate(obj, **given)
        except ValidationError:
            # Its words quote the answer: they are dropped.
            raise GmailUnavailableError("Gmail's answer is not what it documents.") from None


BUILT_IN = (
    "send_email",
    "drafts",
    "messages",
    "threads",
    "labels",
    "attachments",
    "mailbox",
)
"""Postroom's own modules, in the order in which their actions are listed."""
CUSTOM = "shared.actions.custom"
"""The package whose modules are the deployment's own."""


@cache
def actions() -> Mapping[str, Action[Any, Any]]:
    """Answer every action by name. Raises ConfigurationError where two share one."""
    found: dict[str, Action[Any, Any]] = {}
    for module in modules():
        for action in exported(module, "ACTION", Action):
            if action.name in found:
                raise ConfigurationError(f"Two actions are named {action.name!r}.")
            found[action.name] = action
    return found


def modules() -> Iterator[ModuleType]:
    """Yield Postroom's own modules, then those of `custom/` by name."""
    for name in BUILT_IN:
        yield import_module(f"shared.actions.{name}")
    package = import_module(CUSTOM)
    for name in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
        yield import_module(f"{CUSTOM}.{name}")


def exported(module: ModuleType, name: str, kind: type[R]) -> Sequence[R]:
    """Answer what a module exports as `name`, one, or as its plural, a tuple.

    Raises ConfigurationError where it is something else.
    """
    one = getattr(module, name, None)
    rows = [*([] if one is None else [one]), *getattr(module, f"{name}S", ())]
    if not all(isinstance(row, kind) for row in rows):
        raise ConfigurationError(f"{module.__name__}.{name} is no {kind.__name__}.")
    return rows


def action_named(name: str) -> Action[Any, Any]:
    """Answer the action. Raises UnknownActionError."""
    found = actions().get(name)
    if found is None:
        raise UnknownActionError("No such action. GET /scripts/config lists them.")
    return found
