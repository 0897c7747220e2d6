"""Fields of a message that take no parser: what labels decide, and a time as the API writes it."""

from datetime import UTC, datetime
from typing import Any


def label_fields(label_ids: list[str], history_id: str) -> dict[str, Any]:
    """Return the fields that labels decide: all that ever changes of a message."""
    return {
        "historyId": history_id,
        "labelIds": label_ids,
        "isUnread": "UNREAD" in label_ids,
        "isDraft": "DRAFT" in label_ids,
        "isSent": "SENT" in label_ids,
    }


def iso(at: datetime) -> str:
    """Write a time as the API does: ISO 8601, UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
