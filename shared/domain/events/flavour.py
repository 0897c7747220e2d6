"""Whose webhooks a receiver was written for: Postroom's own, or Nango's.

A receiver of Nango's flavour is code that exists: it looks for `from: "nango"`, for signatures
under the secret it already holds, and knows only the types of event that Nango has.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from shared.domain.events.event import EventType
from shared.errors import InvalidRequestError

NANGO_TYPES: Final = frozenset({EventType.AUTH, EventType.SYNC, EventType.ASYNC_ACTION})
MOST_SECRET: Final = 128


class Flavour(StrEnum):
    """The form of an endpoint's webhooks."""

    POSTROOM = "postroom"
    NANGO = "nango"


def in_flavour(payload: Mapping[str, Any], flavour: Flavour) -> Mapping[str, Any]:
    """Return the body as that flavour sends it: `from` names the sender."""
    return {**payload, "from": flavour.value}


def checked_nango_secret(secret: str) -> str:
    """Return any text that such a receiver verifies with. Raises InvalidRequestError."""
    if not 0 < len(secret) <= MOST_SECRET or not secret.isprintable():
        raise InvalidRequestError(
            f"A secret of the nango flavour is 1 to {MOST_SECRET} printable characters.",
            code="invalid_secret",
        )
    return secret


def nango_headers(event_id: str, at: datetime, body: bytes, secret: str) -> Mapping[str, str]:
    """Return the headers of one attempt, signed in the two ways that Nango's clients verify.

    The older is the hash of secret and body, which anyone may lengthen: it is sent for receivers
    that know no other.
    """
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "X-Nango-Signature": sha256(secret.encode() + body).hexdigest(),
        "X-Nango-Hmac-Sha256": hmac.new(secret.encode(), body, sha256).hexdigest(),
    }
