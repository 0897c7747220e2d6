"""Scripted answers of status 200 whose body is not what the method documents.

The effect of the call stands: only what is said of it is wrong, as from a proxy that answers in
Google's place, a body cut short, or a release of Google's own that went wrong.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from infra.local.google.faults import Faults

DEEP: Final = 2_000


def _truncate(content: bytes) -> bytes:
    return content[: len(content) // 2] or b"{"


def _fieldless(content: bytes) -> bytes:
    return orjson.dumps(_without_fields(orjson.loads(content or b"{}")))


def _change_types(content: bytes) -> bytes:
    found = orjson.loads(content or b"{}")
    return orjson.dumps({name: _other_type(value) for name, value in found.items()})


BODIES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "body_empty": lambda _: b"",
    "body_not_json": lambda _: b"<html><body>Sorry, one moment.</body></html>",
    "body_null": lambda _: b"null",
    "body_list": lambda content: b"[%b]" % (content or b"{}"),
    "body_text": lambda _: b'"OK"',
    "body_object": lambda _: b"{}",
    "body_deep": lambda _: b"[" * DEEP + b"]" * DEEP,
    "body_truncated": _truncate,
    "body_fields_missing": _fieldless,
    "body_wrong_types": _change_types,
}
"""By the name of the fault: what becomes of the right body."""


def struck_body(faults: Faults, method: str, email: str | None, content: bytes) -> bytes:
    """Return the body that is answered: the right one, unless a fault strikes."""
    for name, mangle in BODIES.items():
        if faults.take(name, method, email):
            content = mangle(content)
    return content


def _without_fields(value: Any) -> Any:
    """Drop every plain field; the objects and lists around them stay."""
    if isinstance(value, dict):
        return {k: _without_fields(v) for k, v in value.items() if isinstance(v, dict | list)}
    return [_without_fields(one) for one in value] if isinstance(value, list) else value


def _other_type(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return "a list" if not value else {"first": _other_type(value[0])}
    if isinstance(value, dict):
        return {name: _other_type(inner) for name, inner in value.items()}
    return {"value": value}
