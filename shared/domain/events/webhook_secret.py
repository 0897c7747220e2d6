"""Signing of webhooks: Standard Webhooks v1, and the hex header of Nango's clients (API 7.1)."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from shared.errors import InvalidRequestError

PREFIX = "whsec_"
SECRET_BYTES = 32
SMALLEST, LARGEST = 24, 64
"""Bytes of a secret (FACTS 12.1)."""


def new_secret() -> str:
    """Return a fresh secret: `whsec_` and base64 of 32 random bytes."""
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def checked_secret(secret: str) -> str:
    """Return a secret of the caller's own making. Raises InvalidRequestError."""
    _key(secret)
    return secret


def signed_headers(
    event_id: str, at: datetime, body: bytes, secrets_newest_first: Sequence[str]
) -> Mapping[str, str]:
    """Return the headers of one attempt: the id stays over retries, time and signatures do not."""
    timestamp = str(int(at.timestamp()))
    content = b".".join((event_id.encode(), timestamp.encode(), body))
    newest = secrets_newest_first[0]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_v1(one, content) for one in secrets_newest_first),
        "X-Nango-Hmac-Sha256": hmac.new(newest.encode(), body, sha256).hexdigest(),
    }


def _v1(secret: str, content: bytes) -> str:
    return "v1," + b64encode(hmac.digest(_key(secret), content, "sha256")).decode()


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(PREFIX) or not SMALLEST <= len(key) <= LARGEST:
        raise InvalidRequestError(
            "A signing secret is whsec_ and the base64 of 24 to 64 random bytes.",
            code="invalid_secret",
        )
    return key
