"""The one place where modules of actions and projections are loaded: ours, then the deployment's.

A module in `custom/` that cannot be served is left out whole and named with its file and line;
everything else serves.
"""

import pkgutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shared.actions.faults import (
    Fault,
    NameTakenError,
    NoSchemaError,
    WrongExportError,
    fault_of,
)
from shared.actions.present import READY
from shared.actions.registry import Action
from shared.domain.crash import CUSTOM
from shared.domain.models.sync import Derived, OwnSync, Sync, adapter_of, models_of
from shared.domain.sync.event import MODEL_NAMES, SYNC_ALIAS, SYNC_NAME
from shared.domain.sync.records.projection import Projection
from shared.errors import ConfigurationError, UnknownActionError

BUILT_IN: Final = (
    "send_email",
    "drafts",
    "messages",
    "threads",
    "labels",
    "attachments",
    "settings.send_as",
    "mailbox",
    "settings.filters",
    "settings.forwarding",
    "settings.preferences",
)
"""Modules of Gmail's own methods, in the order in which their actions are listed."""
JOBS: Final = ("search", "reading", "attachment", "people", "scheduled")
"""Modules of actions that are named by the job they do."""
INITIAL: Final = "__init__"
READ_RECORDS: Final = "read-records"
"""The agents' tool that reads records of own syncs: no action has its name."""


class Named(Protocol):
    """What a module exports: something that is served by its name."""

    @property
    def name(self) -> str: ...  # noqa: D102


R = TypeVar("R", bound=Named)


@dataclass(slots=True, eq=False)
class Catalogue:
    """What is served, by name, and the modules that are not."""

    actions: dict[str, Action[Any, Any]] = field(default_factory=dict)
    projections: dict[str, Projection[Any]] = field(default_factory=dict)
    syncs: dict[str, OwnSync] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, module: ModuleType) -> None:
        """Add all that a module exports, or nothing of it.

        Raises WrongExportError, NameTakenError.
        """
        actions = exports_of(module, "ACTION", Action)
        projections = exports_of(module, "PROJECTION", Projection)
        syncs = own_syncs_of(module)
        _require_free([one.name for one in actions], {*self.actions, READ_RECORDS})
        models = [*(one.name for one in projections), *(m for one in syncs for m in models_of(one))]
        _require_free(models, {*self._models, *MODEL_NAMES})
        _require_free(
            [*(one.sync for one in projections), *(one.name for one in syncs)], self._names
        )
        self.syncs |= {one.name: one for one in syncs}
        self.actions |= {one.name: one for one in actions}
        self.projections |= {one.name: one for one in projections}

    @property
    def secrets(self) -> Collection[str]:
        """The secrets that what is served declares."""
        acting = {name for one in self.actions.values() for name in one.secrets}
        polling = (one for one in self.syncs.values() if isinstance(one, Sync))
        return acting | {name for one in polling for name in one.secrets}

    @property
    def _names(self) -> Collection[str]:
        projected = (one.sync for one in self.projections.values())
        return {SYNC_NAME, SYNC_ALIAS, *projected, *self.syncs}

    @property
    def _models(self) -> Collection[str]:
        return {*self.projections, *(m for one in self.syncs.values() for m in models_of(one))}


@cache
def built_in_actions() -> Mapping[str, Action[Any, Any]]:
    """Return Postroom's own actions by name."""
    found = Catalogue()
    for name in (*(f"gmail.{one}" for one in BUILT_IN), *(f"jobs.{one}" for one in JOBS)):
        found.add(import_module(f"shared.actions.{name}"))
    return found.actions


@cache
def catalogue() -> Catalogue:
    """Return everything there is, the deployment's own included."""
    found = Catalogue({**built_in_actions()})
    _load(INITIAL, found)
    package = sys.modules.get(CUSTOM)  # absent where it did not load itself
    paths = package.__path__ if package else ()
    for name in sorted(one.name for one in pkgutil.iter_modules(paths)):
        _load(name, found)
    return found


def is_loaded() -> bool:
    """Whether this process has had use for the deployment's own modules."""
    return catalogue.cache_info().currsize > 0


def own_syncs_of(module: ModuleType) -> Sequence[OwnSync]:
    """Return what a module exports as SYNC or SYNCS. Raises WrongExportError."""
    one, many = getattr(module, "SYNC", None), getattr(module, "SYNCS", ())
    rows = [*([] if one is None else [one]), *(many if isinstance(many, list | tuple) else (many,))]
    if not all(isinstance(row, Sync | Derived) for row in rows):
        raise WrongExportError(
            f"{module.__name__}.SYNC is no Sync and no Derived.", "SYNC", "SYNCS"
        )
    return rows


@cache
def ready_sync(name: str) -> OwnSync:
    """Return a ready sync. Raises ConfigurationError where there is none of that name."""
    if name not in READY:
        raise ConfigurationError(f"The ready syncs are {', '.join(READY)}, not {name!r}.")
    module = import_module(f"shared.actions.ready.{name.replace('-', '_')}")
    return own_syncs_of(module)[0]


def exports_of(module: ModuleType, name: str, kind: type[R]) -> Sequence[R]:
    """Return what a module exports as `name`, one, or as its plural, a tuple.

    Raises WrongExportError where it is something else.
    """
    one, many = getattr(module, name, None), getattr(module, f"{name}S", ())
    several = many if isinstance(many, list | tuple) else (many,)
    rows = [*([] if one is None else [one]), *several]
    if not all(isinstance(row, kind) for row in rows):
        raise WrongExportError(f"{module.__name__}.{name} is no {kind.__name__}.", name, f"{name}S")
    return rows


def _require_schemas(module: ModuleType) -> None:
    """Raise NoSchemaError: what cannot be described would break the description of all."""
    for action in exports_of(module, "ACTION", Action):
        _require_schema(action.name, (action.input, "validation"), (action.output, "serialization"))
    for projection in exports_of(module, "PROJECTION", Projection):
        _require_schema(projection.sync, (projection.model, "serialization"))
    for sync in own_syncs_of(module):
        for model in sync.models:
            try:
                adapter_of(model).json_schema(mode="serialization")
            except Exception as error:
                raise NoSchemaError(f"{sync.name}: {error}", sync.name) from error


def _require_schema(name: str, *models: tuple[type[BaseModel], JsonSchemaMode]) -> None:
    try:
        models_json_schema(models)
    except Exception as error:
        raise NoSchemaError(f"{name}: {error}", name) from error


def _require_free(names: Sequence[str], taken: Collection[str]) -> None:
    for place, name in enumerate(names):
        if name in taken or name in names[:place]:
            raise NameTakenError(f"The name {name!r} is taken.", name)


def _load(name: str, found: Catalogue) -> None:
    """Add a module of the deployment's own, or else its fault, an exit at import included."""
    try:
        module = import_module(CUSTOM if name == INITIAL else f"{CUSTOM}.{name}")
        _require_schemas(module)
        found.add(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  own code may raise anything
        found.faults.append(fault_of(name, error))


def actions() -> Mapping[str, Action[Any, Any]]:
    """Return every action by name, the deployment's own among them."""
    return catalogue().actions


def get_action(name: str) -> Action[Any, Any]:
    """Return the action. Raises UnknownActionError.

    Where one of Postroom's is asked for, the deployment's own are not loaded.
    """
    found = (None if is_loaded() else built_in_actions().get(name)) or actions().get(name)
    if found is None:
        raise UnknownActionError("No such action. GET /scripts/config lists them.")
    return found
