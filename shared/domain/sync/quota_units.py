"""What each Gmail method costs: quota units by method and path below the mailbox (FACTS 1.3)."""

from typing import Final, NewType

_ANY: Final = "*"
_SETTINGS: Final = ("autoForwarding", "imap", "language", "pop", "vacation")
_LISTED: Final = {
    "cse/identities": 5,
    "cse/keypairs": 5,
    "delegates": 100,
    "filters": 5,
    "forwardingAddresses": 100,
    "sendAs": 100,
}
"""Settings of which there are several, and what making one costs."""
UnitsPerMinute = NewType("UnitsPerMinute", int)
"""What one Google user may spend in a minute (FACTS 1.1)."""
UNITS: Final[dict[tuple[str, str], int]] = {
    ("GET", "profile"): 1,
    ("POST", "watch"): 100,
    ("POST", "stop"): 50,
    ("GET", "history"): 2,
    ("GET", "messages"): 5,
    ("POST", "messages"): 25,
    ("POST", "messages/send"): 100,
    ("POST", "messages/import"): 25,
    ("POST", "messages/batchModify"): 50,
    ("POST", "messages/batchDelete"): 50,
    ("GET", "messages/*"): 20,
    ("DELETE", "messages/*"): 10,
    ("POST", "messages/*/modify"): 5,
    ("POST", "messages/*/trash"): 20,
    ("POST", "messages/*/untrash"): 5,
    ("GET", "messages/*/attachments/*"): 20,
    ("GET", "threads"): 10,
    ("GET", "threads/*"): 40,
    ("DELETE", "threads/*"): 20,
    ("POST", "threads/*/modify"): 10,
    ("POST", "threads/*/trash"): 20,
    ("POST", "threads/*/untrash"): 10,
    ("GET", "drafts"): 5,
    ("POST", "drafts"): 10,
    ("POST", "drafts/send"): 100,
    ("GET", "drafts/*"): 20,
    ("PUT", "drafts/*"): 15,
    ("DELETE", "drafts/*"): 10,
    ("GET", "labels"): 1,
    ("POST", "labels"): 5,
    ("GET", "labels/*"): 1,
    ("PUT", "labels/*"): 5,
    ("PATCH", "labels/*"): 5,
    ("DELETE", "labels/*"): 5,
    **{("GET", f"settings/{one}"): 1 for one in _LISTED},
    **{("GET", f"settings/{one}/*"): 1 for one in _LISTED},
    **{("DELETE", f"settings/{one}/*"): 5 for one in _LISTED if one != "cse/keypairs"},
    **{("POST", f"settings/{one}"): units for one, units in _LISTED.items()},
    ("PUT", "settings/sendAs/*"): 100,
    ("PATCH", "settings/sendAs/*"): 100,
    ("POST", "settings/sendAs/*/verify"): 100,
    ("GET", "settings/sendAs/*/smimeInfo"): 1,
    ("GET", "settings/sendAs/*/smimeInfo/*"): 1,
    ("POST", "settings/sendAs/*/smimeInfo"): 5,
    ("DELETE", "settings/sendAs/*/smimeInfo/*"): 5,
    ("POST", "settings/sendAs/*/smimeInfo/*/setDefault"): 5,
    ("PATCH", "settings/cse/identities/*"): 5,
    ("POST", "settings/cse/keypairs/*"): 5,
    **{("GET", f"settings/{one}"): 1 for one in _SETTINGS},
    **{("PUT", f"settings/{one}"): 5 for one in _SETTINGS},
}


_SEGMENTS: Final = tuple((verb, pattern, pattern.split("/")) for verb, pattern in UNITS)


def units_of(method: str, path: str) -> int | None:
    """Return what the call costs; None for a method that is not in the table."""
    pattern = pattern_of(method, path)
    return None if pattern is None else UNITS[method, pattern]


def pattern_of(method: str, path: str) -> str | None:
    """Return such as `messages/*`, without ids; None for a method that is not in the table."""
    segments = path.strip("/").split("/")
    known = (row for row in _SEGMENTS if row[0] == method)
    return next((pattern for _, pattern, parts in known if _fits(parts, segments)), None)


def _fits(pattern: list[str], segments: list[str]) -> bool:
    if len(pattern) != len(segments):
        return False
    pairs = zip(pattern, segments, strict=True)
    return all(one in {_ANY, is_} for one, is_ in pairs)
