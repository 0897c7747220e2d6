"""Taking one rule of the code away for a while."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def swapped(owner: Any, replacements: Mapping[str, Any]) -> Iterator[None]:
    """Let `owner` (a module or a class) have other attributes than it has."""
    originals = {name: vars(owner)[name] for name in replacements}
    for name, value in replacements.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in originals.items():
            setattr(owner, name, value)
