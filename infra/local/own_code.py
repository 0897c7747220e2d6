"""Own actions and syncs while they are written: loaded anew as soon as their files change.

A module that has a fault now is told of, and the version of it that worked serves on.
"""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from shared.actions import custom
from shared.actions.faults import Fault
from shared.actions.loading import INITIAL, catalogue
from shared.actions.present import custom_exports_sync
from shared.domain.crash import CUSTOM, FOLDER

Stamps = Mapping[Path, tuple[int, int]]
"""Each file's time of change, in nanoseconds, and size."""


@dataclass
class OwnCode:
    """The deployment's own modules of this process, and how often they were loaded anew."""

    loads: int = 0
    kept: set[str] = field(default_factory=set)
    """Modules of which an earlier version serves, because the present one has a fault."""
    _seen: Stamps = field(default_factory=dict)
    _loaded: Stamps = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._seen = self._loaded = _stamps()

    def has_changed(self) -> bool:
        """Whether files are others than those loaded, and were the same at the last look too.

        A file that is being written changes between two looks.
        """
        before, self._seen = self._seen, _stamps()
        return self._seen == before and self._seen != self._loaded

    def reload(self) -> list[Fault]:
        """Load everything anew; return what is wrong now, also with what an earlier one serves."""
        changed = {path for path, _ in {*self._loaded.items()} ^ {*self._seen.items()}}
        unserved = {_top(fault) for fault in catalogue().faults} - self.kept
        before = {name: one for name, one in sys.modules.items() if _is_own(name)}
        self._loaded = self._seen
        self.loads += 1
        _forget(changed)
        broken = {_top(fault): fault for fault in catalogue().faults}
        self.kept = {top for top in broken if _module(top) in before and top not in unserved}
        if self.kept:
            sys.modules |= {name: one for name, one in before.items() if _belongs(name, self.kept)}
            catalogue.cache_clear()
            catalogue().faults.extend(broken[top] for top in sorted(self.kept))
        return catalogue().faults

    def faults(self) -> list[dict[str, Any]]:
        """Return what a developer's screen shows of each fault: `at`, `words`, `kept`."""
        return [
            {"at": str(one), "words": one.words, "kept": _top(one) in self.kept}
            for one in catalogue().faults
        ]


def _folders() -> list[Path]:
    return [Path(path) for path in custom.__path__]


def _stamps() -> Stamps:
    found = [path for folder in _folders() for path in folder.rglob("*.py")]
    stats = {path: path.stat() for path in found if path.exists()}
    return {path: (one.st_mtime_ns, one.st_size) for path, one in stats.items()}


def _forget(changed: set[Path]) -> None:
    """Have each module imported anew; bytecode is told apart by whole seconds only."""
    for path in changed:
        Path(cache_from_source(str(path))).unlink(missing_ok=True)
    roots = {folder / "__init__.py" for folder in _folders()}
    for name in [one for one in sys.modules if _is_own(one)]:
        if name != CUSTOM or roots & changed:
            del sys.modules[name]
    importlib.invalidate_caches()
    custom_exports_sync.cache_clear()
    catalogue.cache_clear()


def _is_own(name: str) -> bool:
    return name == CUSTOM or name.startswith(f"{CUSTOM}.")


def _belongs(name: str, tops: set[str]) -> bool:
    inner = name.removeprefix(CUSTOM).removeprefix(".").partition(".")[0]
    return (inner or INITIAL) in tops


def _module(top: str) -> str:
    return CUSTOM if top == INITIAL else f"{CUSTOM}.{top}"


def _top(fault: Fault) -> str:
    """Return the module of `custom/` that a fault leaves out."""
    return fault.file.removeprefix(f"{FOLDER}/").partition("/")[0].removesuffix(".py")
