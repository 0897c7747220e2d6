"""What Pub/Sub delivers: an envelope around Gmail's notification (FACTS 2.4, 7.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from shared.domain.base64url import decode_base64url
from shared.domain.ids import LARGEST_HISTORY_ID, HistoryId

UINT64 = 2**64
LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Notification:
    """A mailbox is at a history ID; `message_id` is Pub/Sub's, for the logs."""

    email: str
    history_id: HistoryId
    message_id: str
    published_at: datetime | None = field(default=None, compare=False)
    id_form: str = field(default="", compare=False)
    """Whether the history ID came as a number or as text: sources disagree."""
    attributes: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Gmail's own messages have none."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """An envelope that no redelivery will improve; `reason` is a code, never content."""

    reason: str
    message_id: str = ""


def read_envelope(raw: bytes) -> Notification | Malformed:
    """Read an envelope; nothing in it is trusted beyond its shape.

    Both base64 alphabets are taken, padding is optional, the history ID may be a number or a
    string of digits (FACTS 2.4).
    """
    message = _object(_json(raw), "message")
    if message is None:
        return Malformed("not_an_envelope")
    message_id = str(message.get("messageId") or message.get("message_id") or "")[:100]
    notification = _notification(message.get("data"))
    if notification is None:
        return Malformed("data_unreadable", message_id)
    told = notification.get("historyId")
    email, history_id = notification.get("emailAddress"), _history(told)
    if not isinstance(email, str) or "@" not in email or len(email) > LONGEST_ADDRESS:
        return Malformed("no_address", message_id)
    if history_id is None:
        return Malformed("no_history_id", message_id)
    form = "text" if isinstance(told, str) else "number"
    published_at = _published_at(message)
    return Notification(email, history_id, message_id, published_at, form, _attributes(message))


def _attributes(message: Mapping[str, Any]) -> Mapping[str, str]:
    told = _object(message, "attributes") or {}
    return {name: value for name, value in told.items() if isinstance(value, str)}


def _published_at(message: Mapping[str, Any]) -> datetime | None:
    told = message.get("publishTime") or message.get("publish_time")
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _json(raw: bytes) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _object(outer: object, name: str) -> Mapping[str, Any] | None:
    inner = outer.get(name) if isinstance(outer, dict) else None
    return inner if isinstance(inner, dict) else None


def _notification(data: object) -> Mapping[str, Any] | None:
    if not isinstance(data, str):
        return None
    try:
        decoded = decode_base64url(data)
    except ValueError:
        return None
    notification = _json(decoded)
    return notification if isinstance(notification, dict) else None


def _history(value: Any) -> HistoryId | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:  # noqa: PLR2004  digits of a uint64
        value = int(value)
    if isinstance(value, int) and 0 < value < UINT64:
        return min(HistoryId(value), LARGEST_HISTORY_ID)  # it is only a reason to look
    return None
