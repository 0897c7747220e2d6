"""Stored payloads: an EmailMessage as packed JSON (`domain.packed`), never too large to store.

A payload holds only what never changes; what does is in the record's head (`domain.sync.rows`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from shared.domain.packed import pack_object, unpack_object

MAX_PAYLOAD_BYTES: Final = 900 * 1024
"""Most compressed bytes: a Firestore document holds 1 MiB (FACTS 9.3)."""
MAX_JSON_BYTES: Final = 4 * 1024 * 1024
"""Most bytes a record may have once read: a page of them must fit an answer (FACTS 8.1)."""
SMALLEST_BODY_CHARS: Final = 20_000
"""Bodies are not cut below this: where it is not enough, something else is too large."""
HEAD_FIELDS: Final = frozenset(
    {
        "historyId",
        "labelIds",
        "isUnread",
        "isDraft",
        "isSent",
        "origin",
        "reason",
        "_nango_metadata",
    }
)
_BODIES: Final = ("html", "text", "replyText")


@dataclass(frozen=True, slots=True)
class Payload:
    """What a record stores, and whether the bodies in it had to be cut."""

    data: bytes
    body_truncated: bool


def pack(message: Mapping[str, Any]) -> bytes:
    """Compress a message as `read_message` answers it; never more than MAX_PAYLOAD_BYTES."""
    return make_payload(message).data


def make_payload(message: Mapping[str, Any]) -> Payload:
    """Compress a message; where it is too large its bodies are cut, HTML first."""
    kept = {name: value for name, value in message.items() if name not in HEAD_FIELDS}
    encoded = _encode(kept)
    data = _compress(encoded)
    if data is None:
        return Payload(_squeeze(kept, len(encoded)), body_truncated=True)
    return Payload(data, body_truncated=bool(kept.get("body_truncated")))


def unpack(payload: bytes) -> dict[str, Any]:
    """Return the stored fields; an emptied payload has none. Raises ValueError."""
    stored: dict[str, Any] = orjson.loads(unpack_object(payload)) if payload else {}
    return stored


def _encode(message: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(message)
    except orjson.JSONEncodeError:
        return orjson.dumps(_storable(message))


def _storable(value: Any) -> Any:
    """Replace what JSON cannot say in UTF-8: half of a surrogate pair."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def _compress(encoded: bytes) -> bytes | None:
    """Compress, or answer None where it is too large."""
    if len(encoded) > MAX_JSON_BYTES:
        return None
    data = pack_object(encoded)
    return data if len(data) <= MAX_PAYLOAD_BYTES else None


def _squeeze(message: dict[str, Any], size: int) -> bytes:
    """Cut the bodies to ever less until the message fits; failing that, everything long."""
    message["body_truncated"] = True
    beside = {name: value for name, value in message.items() if name not in _BODIES}
    room = min(size, MAX_JSON_BYTES - len(_encode(beside)))
    while room > SMALLEST_BODY_CHARS:
        room = room * 2 // 3
        for name in _BODIES:
            body = message.get(name)
            message[name] = body[:room] if isinstance(body, str) else body
        if data := _compress(_encode(message)):
            return data
    for most in (1_000, 100, 10):
        short = {name: _shorten(value, most) for name, value in message.items()}
        if data := _compress(_encode(short)):
            return data
    raise AssertionError


def _shorten(value: Any, most: int) -> Any:
    """Keep at most `most` entries of every list and object and `most` characters of every text."""
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, Mapping):
        items = list(value.items())[:most]
        return {name[:most]: _shorten(item, most) for name, item in items}
    if isinstance(value, list):
        return [_shorten(item, most) for item in value[:most]]
    return value
