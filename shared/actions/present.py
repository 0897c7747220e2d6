"""Which own syncs there may be, told without importing them: most functions never run one."""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final

READY: Final = ("contacts", "filters", "labels", "send-as-aliases", "threads")
"""The ready syncs: each has a module of its name, with underscores, in `ready/`."""
CUSTOM: Final = Path(__file__).parent / "custom"
EXPORTS: Final = re.compile(r"^SYNCS?\s*[:=]", re.MULTILINE)


def has_own_syncs(ready: Collection[str]) -> bool:
    """Whether a ready sync is named, or a module of the deployment's own exports one."""
    return bool(ready) or custom_exports_sync()


@cache
def custom_exports_sync() -> bool:
    """Whether a module of the deployment's own exports a sync, as its text says."""
    found = CUSTOM.rglob("*.py")
    return any(EXPORTS.search(path.read_text("utf-8", "replace")) for path in found)
