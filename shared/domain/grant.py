"""A grant: the end user's consent, as sealed tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.ids import ConnectionId

REFRESH_EARLY = timedelta(minutes=5)
CLAIM_LIFETIME = timedelta(seconds=10)
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Grant:
    """Sealed tokens of one connection; `generation` grows with every new refresh token.

    `refresh_claimed_until` is the single-flight claim of whoever is refreshing now.
    """

    connection_id: ConnectionId
    refresh_token: bytes
    access_token: bytes
    access_expires_at: datetime
    scopes: frozenset[str]
    data_key: bytes
    """The connection's data key, wrapped by the key-encryption key."""
    generation: int = 1
    token_hash: str = ""
    """base64 of SHA-512 of SHA-512 of the refresh token (FACTS 6.10)."""
    refresh_claimed_until: datetime | None = None
    refreshed_at: datetime | None = None
    issued_at: datetime | None = None
    schema_version: int = SCHEMA_VERSION

    def fresh(self, now: datetime) -> bool:
        """Whether the access token needs no refresh yet."""
        return now < self.access_expires_at - REFRESH_EARLY

    def usable(self, now: datetime) -> bool:
        """Whether the access token still works."""
        return now < self.access_expires_at - timedelta(seconds=10)
