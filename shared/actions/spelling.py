"""Input in the spellings that callers bring along: one rule for every action's fields.

Templates of other platforms name the same field `labelIds` or `label_ids`, give one label where a
list is meant, and name the user `me`. Each is taken for what it says; what remains unknown is
refused as before, and no schema changes.
"""

import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel

OWNER: Final = "userid"
"""Of a template's input: whose mailbox, which here is always the connection's."""
ME: Final = "me"


def as_spelled(model: type[BaseModel], given: Any) -> object:
    """Return input with each name as the model spells it, and one value as a list of one.

    A name that is given in two spellings, or that only looks like a field's, stays: it is refused.
    """
    if not isinstance(given, Mapping):
        return given
    known = _fields(model)
    spelled: dict[Any, Any] = {}
    for name, value in given.items():
        own = known.get(fold(name)) if isinstance(name, str) else None
        if own is None:
            if not _is_owner(name, value):
                spelled[name] = value
            continue
        right = name if name in own.names or own.names & given.keys() else own.first
        if right in spelled or (right != name and right in given):
            right = name
        spelled[right] = [value] if own.is_list and isinstance(value, str) else value
    return spelled


def fold(name: str) -> str:
    """Return a name without case and underscores: labelIds and label_ids are one."""
    return name.replace("_", "").lower()


def _is_owner(name: Any, value: Any) -> bool:
    return isinstance(name, str) and fold(name) == OWNER and value in {ME, None}


class _Own:
    """A field: the names that it is read by, the first of them, whether it takes a list only."""

    def __init__(self, names: list[str], annotation: Any) -> None:
        self.first = names[0]
        self.names = frozenset(names)
        kinds = set(_kinds(annotation))
        self.is_list = list in kinds and str not in kinds


@cache
def _fields(model: type[BaseModel]) -> Mapping[str, _Own]:
    """Return the model's fields by their folded names."""
    found: dict[str, _Own] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or field.alias]
        names = [one for one in choices if isinstance(one, str)] or [name]
        own = _Own([*names, name], field.annotation)
        for one in own.names:
            found.setdefault(fold(one), own)
    return found


def _kinds(annotation: Any) -> list[Any]:
    """Return the types of a union, or the type itself."""
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType}:
        return [kind for one in get_args(annotation) for kind in _kinds(one)]
    if hasattr(annotation, "__metadata__"):
        return _kinds(get_args(annotation)[0])
    return [origin or annotation]
