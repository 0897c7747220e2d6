"""What is wrong with a module of the deployment's own: in which file, at which line."""

import ast
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from shared.domain.crash import CUSTOM, FOLDER, crash_site
from shared.errors import ConfigurationError

EXPORTS: Final = ("ACTION", "ACTIONS", "PROJECTION", "PROJECTIONS", "SYNC", "SYNCS")


@dataclass(frozen=True, slots=True)
class Fault:
    """A module that is not served. `words` are for its developer's screen, and for no log."""

    file: str
    line: int
    error: str
    words: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.error}"


class UnservableError(ConfigurationError):
    """A module exports what cannot be served; `names` stand in its source where that is."""

    def __init__(self, message: str, *names: str) -> None:
        super().__init__(message)
        self.names = names


class WrongExportError(UnservableError):
    """It is no action, no projection or no sync."""


class NameTakenError(UnservableError):
    """Another action, projection or sync has the name."""


class NoSchemaError(UnservableError):
    """No JSON schema can be made of a model."""


def known_faults() -> Sequence[Fault]:
    """Return the faults of own modules where this process loaded them; it loads nothing."""
    loading = sys.modules.get("shared.actions.loading")
    return loading.catalogue().faults if loading and loading.is_loaded() else ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sync that is not served, and why."""

    name: str
    reason: str


def known_left_out(ready: Collection[str]) -> Sequence[LeftOut]:
    """Return the syncs that never run where this process loaded own code; it loads none.

    `ready` are the ready ones that the deployment names.
    """
    syncs = sys.modules.get("shared.actions.syncs")
    found: Sequence[LeftOut] = syncs.left_out_syncs(ready) if syncs else ()
    return found


def fault_of(name: str, error: BaseException) -> Fault:
    """Return what made the module `name` of `custom/` unservable, and where."""
    file, line = _place(name, error)
    try:
        words = str(error)
    except Exception:  # noqa: BLE001  own code may raise anything, here too
        words = ""
    return Fault(file, line, type(error).__name__, words)


def _place(name: str, error: BaseException) -> tuple[str, int]:
    source = _source(name)
    if isinstance(error, UnservableError) and source is not None:
        return _repository_path(source), _line_of(source, (*error.names, *EXPORTS))
    if isinstance(error, SyntaxError) and error.filename and _is_own(Path(error.filename)):
        return _repository_path(Path(error.filename)), error.lineno or 1
    site = crash_site(error)
    if site.file is not None and site.line is not None and site.file.startswith(FOLDER):
        return site.file, site.line
    return _repository_path(source) if source else f"{FOLDER}/{name}", 1


def _source(name: str) -> Path | None:
    found = find_spec(CUSTOM if name == "__init__" else f"{CUSTOM}.{name}")
    return Path(found.origin) if found is not None and found.origin else None


def _folders() -> Sequence[Path]:
    package = sys.modules.get(CUSTOM)
    here = Path(__file__).parent / CUSTOM.rpartition(".")[2]
    return [Path(path) for path in package.__path__] if package else [here]


def _is_own(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _folders())


def _repository_path(path: Path) -> str:
    """Return the path as the repository has it, wherever it is deployed."""
    for folder in _folders():
        if path.is_relative_to(folder):
            return f"{FOLDER}/{path.relative_to(folder).as_posix()}"
    return f"{FOLDER}/{path.name}"


def _line_of(source: Path, names: Sequence[str]) -> int:
    """Return the first line that holds one of the names, or text that is one of them."""
    nodes = [*ast.walk(ast.parse(source.read_bytes()))]
    for name in names:
        lines = [line for node in nodes for line, said in _texts_of(node) if said == name]
        if lines:
            return min(lines)
    return 1


def _texts_of(node: ast.AST) -> Iterator[tuple[int, object]]:
    line = getattr(node, "lineno", None)
    if line is not None:
        for field_name in ("id", "value", "name", "asname"):
            yield line, getattr(node, field_name, None)
