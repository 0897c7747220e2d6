"""Page tokens: a position bound to the query that it belongs to (FACTS 4.1)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import invalid

POSITION_BYTES: Final = 8
FREE: Final = frozenset({"pageToken", "maxResults", "fields", "prettyPrint", "alt", "quotaUser"})
"""Parameters that may change from page to page."""


def _signature(call: Call, listing: str) -> bytes:
    given = sorted(
        (name, value)
        for name in set(call.query.keys()) - FREE
        for value in call.query.getlist(name)
    )
    return blake2b(repr((listing, call.email, given)).encode(), digest_size=10).digest()


def page_token(call: Call, listing: str, position: int) -> str:
    """Return a token for `position` of this listing with this query."""
    data = position.to_bytes(POSITION_BYTES, "big") + _signature(call, listing)
    return urlsafe_b64encode(data).decode()


def page_position(call: Call, listing: str, default: int = 0) -> int:
    """Return the position the call's pageToken stands for.

    Raise 400 `Invalid pageToken` for a token of another query, or none of ours.
    """
    token = call.query.get("pageToken")
    if not token:
        return default
    try:
        data = urlsafe_b64decode(token)
    except ValueError:
        raise invalid("Invalid pageToken") from None
    if data[POSITION_BYTES:] != _signature(call, listing):
        raise invalid("Invalid pageToken")
    return int.from_bytes(data[:POSITION_BYTES], "big")


def list_page(
    call: Call, listing: str, found: Sequence[Any], offset: int, limit: int
) -> dict[str, Any]:
    """Return a list answer made of up to `limit` of `found`, which holds one more if there is.

    Positions count from the newest, so what is deleted meanwhile shifts later pages, as in Gmail.
    An empty list has no key of its own, and the estimate is a poor one (FACTS 4.1, 14.3).
    """
    answer: dict[str, Any] = {}
    if found:
        answer[listing] = list(found[:limit])
    if len(found) > limit:
        answer["nextPageToken"] = page_token(call, listing, offset + limit)
    answer["resultSizeEstimate"] = len(found)
    return answer
