"""What a tool takes besides the action's own input, read and taken out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared.actions.catalogue import schema_of
from shared.actions.registry import Action
from shared.actions.run import LONGEST_KEY
from shared.domain.keys.policy import Does
from shared.edge.mcp.schemas import (
    plain_schema,
    read_json_fields,
    without_empty,
    without_unset_numbers,
)
from shared.errors import InvalidRequestError, Problem

KEY = "idempotency_key"
KEY_SCHEMA = {
    "type": "string",
    "description": "A name you choose for this piece of work; the same again happens once.",
}


@dataclass(frozen=True, slots=True)
class Arguments:
    """A call's arguments by what they are for."""

    input: Mapping[str, Any]
    idempotency_key: str | None


def has_effect(action: Action[Any, Any]) -> bool:
    """Whether calling it twice could do something twice."""
    return action.doing is not Does.READ


@cache
def own_schema(action: Action[Any, Any]) -> dict[str, Any]:
    """Return the schema of the action's input; each is made once, for every call reads it."""
    return schema_of(action.input)


@cache
def input_schema(action: Action[Any, Any]) -> dict[str, Any]:
    """Return what the tool takes, in the plainest words; each is made once."""
    return plain_schema(own_schema(action), {KEY: KEY_SCHEMA} if has_effect(action) else {})


def read_arguments(action: Action[Any, Any], given: Mapping[str, Any]) -> Arguments:
    """Return the arguments that say something.

    Raises InvalidRequestError where ours are missing or wrong; the action's come later.
    """
    filled = without_empty(dict(given))
    key = _key(filled.pop(KEY, None)) if has_effect(action) else None
    kept = without_unset_numbers(own_schema(action), filled)
    return Arguments(read_json_fields(input_schema(action), kept), key)


def _key(given: Any) -> str:
    if given is None:
        raise _wrong("missing", f"{KEY} is required: choose a name for this piece of work.")
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_KEY:
        raise _wrong("invalid", f"{KEY} is a text of 1 to {LONGEST_KEY} characters.")
    return given


def _wrong(code: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(message, problems=[Problem(code, message, (KEY,))])
