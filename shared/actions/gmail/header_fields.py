"""Headers that say the same as a field: they become that field, before anything judges it."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

PEOPLE: Final = {"cc": "cc", "bcc": "bcc", "reply-to": "reply_to"}
CONTENT_TYPE: Final = "content-type"
CHARSET: Final = re.compile(
    r"(?:;\s*+charset=\"?(?:utf-?8|us-ascii)\"?\s*+)?+;?\s*+", re.IGNORECASE
)


def fields_from_headers(headers: Mapping[str, str], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that change, `headers` without what became one of them among these.

    What contradicts a field, or is given twice, stays a header, and is refused as one.
    """
    spelled = Counter(name.lower() for name in headers)
    changed: dict[str, Any] = {}
    left: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        said = _fields_of_header(lower, value, fields) if spelled[lower] == 1 else None
        if said is None:
            left[name] = value
        else:
            changed |= said
    return {**changed, "headers": left}


def _fields_of_header(lower: str, value: str, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the fields that a header sets; None where it is no field, or another one's word."""
    if (field := PEOPLE.get(lower)) is not None:
        return None if fields[field] else {field: value.strip() or None}
    return _texts(value, fields) if lower == CONTENT_TYPE else None


def _texts(value: str, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return which text the body is by its Content-Type; None where that cannot be."""
    kind, semicolon, rest = value.partition(";")
    if not CHARSET.fullmatch(semicolon + rest):
        return None
    body, text, html = fields["body"], fields["text"], fields["html"]
    match kind.strip().lower():
        case "text/plain" if html is None:
            return {}
        case "text/html" if body is None and text is None:
            return {}
        case "text/html" if text is None and html is None:
            return {"html": body, "body": None}
    return None
