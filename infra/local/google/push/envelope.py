"""The body and the signature of a Pub/Sub push request (FACTS 2.4, 7.1, 7.5)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from infra.local.google.oauth.identity import push_token_claims
from infra.local.google.oauth.keys import SigningKey
from infra.local.google.settings import GoogleSettings

TOKEN_REUSE = timedelta(minutes=50)  # a push token may be up to an hour old (FACTS 7.1)


@dataclass(slots=True)
class Notice:
    """One published message, and where its delivery stands.

    `behind` are older notices that this one shall overtake.
    """

    email: str
    body: bytes
    published_at: datetime
    attempts: int = 0
    behind: list["Notice"] = field(default_factory=list)


def notification_data(email: str, history_id: int) -> str:
    """Return what Gmail says: the history ID is a number, the whole padded base64."""
    data = json.dumps({"emailAddress": email, "historyId": history_id}, separators=(",", ":"))
    return base64.b64encode(data.encode()).decode()


def envelope(
    data: str,
    attributes: Mapping[str, str],
    *,
    message_id: str,
    subscription: str,
    now: datetime,
) -> bytes:
    """Return the wrapped body; a message without attributes has no such field."""
    moment = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message: dict[str, Any] = {
        **({"attributes": dict(attributes)} if attributes else {}),
        "data": data,
        "messageId": message_id,
        "message_id": message_id,
        "publishTime": moment,
        "publish_time": moment,
    }
    return json.dumps({"message": message, "subscription": subscription}).encode()


class PushToken:
    """The OIDC token of the subscription's service account, reused while it is fresh."""

    def __init__(self, settings: GoogleSettings, key: SigningKey) -> None:
        self._settings = settings
        self._key = key
        self._held: tuple[str, datetime] | None = None

    def at(self, now: datetime) -> str:
        """Return a token that is valid for at least ten minutes more."""
        if self._held is None or now - self._held[1] > TOKEN_REUSE:
            account, audience = self._settings.push_service_account, self._settings.audience
            self._held = (self._key.sign(push_token_claims(account, audience, now)), now)
        return self._held[0]
