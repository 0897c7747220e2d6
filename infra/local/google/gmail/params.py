"""Reading parameters and bodies with Gmail's own complaints (FACTS 14.1, 14.2)."""

import re
from collections.abc import Collection
from typing import Any, Final

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import invalid, unreadable

HEX: Final = re.compile(r"[0-9a-fA-F]{1,16}")
DECIMAL: Final = re.compile(r"\d+")
INT31: Final = 2**31
UINT32: Final = 2**32
INT63: Final = 2**63
UINT64: Final = 2**64
DEFAULT_RESULTS: Final = 100
MOST_RESULTS: Final = 500
BOOLEANS: Final = {"true": True, "1": True, "": True, "false": False, "0": False}


def snake(name: str) -> str:
    """Return a parameter's name as Google's messages spell it."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def hex_id(text: object, name: str = "id") -> int:
    """Return the number behind a message or thread id. Raise 400 `Invalid id value`."""
    if isinstance(text, str) and HEX.fullmatch(text) and (number := int(text, 16)) < INT63:
        return number
    raise invalid(f"Invalid {name} value")


def max_results(call: Call) -> int:
    """Return the page size: 100 by default, at most 500. Raise 400 for 0 and nonsense."""
    text = call.query.get("maxResults")
    if text is None:
        return DEFAULT_RESULTS
    if not DECIMAL.fullmatch(text) or int(text) >= UINT32:
        raise unreadable(f"Invalid value at 'max_results' (TYPE_UINT32), \"{text}\"")
    if not 0 < int(text) < INT31:
        raise invalid("Invalid maxResults")
    return min(int(text), MOST_RESULTS)


def boolean(call: Call, name: str) -> bool:
    """Return a boolean parameter, False if absent. Raise 400."""
    text = call.query.get(name)
    if text is None:
        return False
    if text.lower() not in BOOLEANS:
        raise unreadable(f"Invalid value at '{snake(name)}' (TYPE_BOOL), \"{text}\"")
    return BOOLEANS[text.lower()]


def choice(call: Call, name: str, allowed: Collection[str], default: str, type_name: str) -> str:
    """Return an enum parameter in the spelling of `allowed`, in whatever case it came."""
    text = call.query.get(name)
    if not text:
        return default
    found = next((value for value in allowed if value.lower() == text.lower()), None)
    if found is None:
        raise unreadable(
            f"Invalid value at '{snake(name)}' (type.googleapis.com/{type_name}), \"{text}\""
        )
    return found


def read_body(body: Any, allowed: Collection[str]) -> dict[str, Any]:
    """Return a JSON object with no other names than these. Raise 400."""
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise unreadable("Invalid JSON payload received. Root element must be a message.")
    for name in body:
        if name not in allowed:
            raise unreadable(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            )
    return body


def string_list(body: dict[str, Any], name: str) -> list[str]:
    """Return a list of strings out of a body, [] if absent. Raise 400."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise unreadable(f"Invalid value at '{snake(name)}' (TYPE_STRING)")
    return value


def string(body: dict[str, Any], name: str) -> str:
    """Return a string out of a body, '' if absent. Raise 400."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unreadable(f"Invalid value at '{snake(name)}' (TYPE_STRING)")
    return value
