"""Reading the bodies of settings: typed fields, in Gmail's order."""

import re
from collections.abc import Mapping
from typing import Any, Final

from infra.local.google.gmail.errors import invalid, unreadable
from infra.local.google.gmail.params import read_body, snake

ADDRESS: Final = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
INT64: Final = re.compile(r"-?[0-9]{1,19}")


class Int64:
    """The kind of a field whose number comes as a string."""


def read_fields(body: Any, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields given, in the order of `kinds`: a type, or the words allowed.

    Raise 400 for another name, or a value of another kind.
    """
    given = read_body(body, kinds)
    found = {}
    for name, kind in kinds.items():
        value = given.get(name)
        if value is None:
            continue
        if not _is_of(value, kind):
            raise unreadable(f"Invalid value at '{snake(name)}'")
        found[name] = value
    return found


def _is_of(value: Any, kind: Any) -> bool:
    if isinstance(kind, tuple):
        return value in kind
    if kind is Int64:
        return isinstance(value, str) and INT64.fullmatch(value) is not None
    return type(value) is kind


def read_address(text: str, what: str) -> str:
    """Return an address in lower case. Raise 400 for what is none."""
    if not ADDRESS.fullmatch(text):
        raise invalid(f"Invalid {what}")
    return text.lower()
