"""Page tokens: a position bound to the query that it belongs to (FACTS 4.1)."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import invalid

TOKEN_DIGITS: Final = 20
"""Recorded: a page token is a 64-bit number in decimal digits, zeros in front."""

POSITION_BITS: Final = 40
"""The rest of the 64 bits binds a token to its query."""
ESTIMATE_OF_MORE: Final = 201
"""What Gmail estimates wherever there is another page (recorded with pages of 5, 50 and 100)."""

TOKEN: Final = re.compile(rf"[0-9]{{{TOKEN_DIGITS}}}")
FREE: Final = frozenset({"pageToken", "maxResults", "fields", "prettyPrint", "alt", "quotaUser"})
"""Parameters that may change from page to page."""


def _keys(call: Call, listing: str) -> tuple[int, int]:
    """Return what seals a token of this query, and what hides its position."""
    given = sorted(
        (name, value)
        for name in set(call.query.keys()) - FREE
        for value in call.query.getlist(name)
    )
    digest = blake2b(repr((listing, call.email, given)).encode(), digest_size=8).digest()
    return divmod(int.from_bytes(digest, "big"), 1 << POSITION_BITS)


def page_token(call: Call, listing: str, position: int) -> str:
    """Return a token for `position` of this listing with this query."""
    seal, mask = _keys(call, listing)
    hidden = min(position, (1 << POSITION_BITS) - 1) ^ mask
    return f"{seal << POSITION_BITS | hidden:0{TOKEN_DIGITS}d}"


def page_position(call: Call, listing: str, default: int = 0) -> int:
    """Return the position the call's pageToken stands for.

    Raise 400 `Invalid pageToken` for a token of another query, or none of ours.
    """
    token = call.query.get("pageToken")
    if not token:
        return default
    seal, mask = _keys(call, listing)
    if not TOKEN.fullmatch(token) or int(token) >> POSITION_BITS != seal:
        raise invalid("Invalid pageToken")
    return int(token) % (1 << POSITION_BITS) ^ mask


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
    more = len(found) > limit
    answer["resultSizeEstimate"] = ESTIMATE_OF_MORE if more else len(found)
    return answer
