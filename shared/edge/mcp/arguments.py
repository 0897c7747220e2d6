"""What a tool takes besides the action's own input, read and taken out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.actions.registry import Action
from shared.actions.run import LONGEST_KEY
from shared.domain.keys.policy import Does
from shared.errors import InvalidRequestError, Problem

KEY = "idempotency_key"
CONTINUATION = "continuation"
TOKEN = re.compile(r"(\d{1,9})\.([0-9a-f]{16})")
KEY_SCHEMA = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_KEY,
    "description": "A name you choose for this piece of work. After a timeout repeat the call "
    "with the same key: it happens once. New work needs a new key.",
}
CONTINUATION_SCHEMA = {
    "type": "string",
    "description": "From a partial result: repeat the call with it to read on.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a long result to read on: a character, of the text with this digest."""

    start: int = 0
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    """A call's arguments by what they are for."""

    input: Mapping[str, Any]
    idempotency_key: str | None
    place: Place


def has_effect(action: Action[Any, Any]) -> bool:
    """Whether calling it twice could do something twice."""
    return action.doing is not Does.READ


def read_arguments(action: Action[Any, Any], given: Mapping[str, Any]) -> Arguments:
    """Raise InvalidRequestError where ours are missing or wrong; the action's come later."""
    rest = dict(given)
    key = _key(rest.pop(KEY, None)) if has_effect(action) else None
    return Arguments(rest, key, read_place(rest))


def read_place(rest: dict[str, Any]) -> Place:
    """Take the continuation out of the arguments. Raises InvalidRequestError."""
    return _place(rest.pop(CONTINUATION, None))


def _key(given: Any) -> str:
    if given is None:
        raise _wrong(KEY, "missing", f"{KEY} is required: choose a name for this piece of work.")
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_KEY:
        raise _wrong(KEY, "invalid", f"{KEY} is a text of 1 to {LONGEST_KEY} characters.")
    return given


def _place(given: Any) -> Place:
    if given is None:
        return Place()
    found = TOKEN.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        raise _wrong(CONTINUATION, "invalid", f"{CONTINUATION} is what a partial result gave.")
    return Place(int(found[1]), found[2])


def _wrong(name: str, code: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(message, problems=[Problem(code, message, (name,))])
