"""Whether a webhook is Postroom's: Standard Webhooks signatures (API 7.1)."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import loads
from typing import Any, Final

from .errors import PostroomError

PREFIX: Final = "whsec_"
TOLERANCE: Final = timedelta(minutes=5)


class ForgedWebhookError(PostroomError):
    """Not signed with this secret, altered on the way, or too old."""


def read_webhook(
    body: bytes, headers: Mapping[str, str], secret: str, *, now: datetime | None = None
) -> Mapping[str, Any]:
    """Return the event in a webhook; take `webhook-id` as its name, for it may come twice.

    `headers` are looked up in lower case. Raises ForgedWebhookError.
    """
    try:
        id, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures, sent_at = headers["webhook-signature"], datetime.fromtimestamp(int(stamp), UTC)
    except (KeyError, ValueError, OverflowError):
        raise ForgedWebhookError("This request has no signature.") from None
    if abs((now or datetime.now(UTC)) - sent_at) > TOLERANCE:
        raise ForgedWebhookError("This webhook was signed too long ago, or in the future.")
    key = b64decode(secret.removeprefix(PREFIX))
    due = b64encode(hmac.digest(key, f"{id}.{stamp}.".encode() + body, sha256))
    given = [one.removeprefix("v1,").encode() for one in signatures.split() if "v1," in one]
    if not any([hmac.compare_digest(due, one) for one in given]):  # noqa: C419  all are compared
        raise ForgedWebhookError("This webhook is not signed with this secret.")
    event: Mapping[str, Any] = loads(body)
    return event
