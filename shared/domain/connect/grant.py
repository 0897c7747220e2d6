"""A grant: the end user's consent, as sealed tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.ids import ConnectionId

REFRESH_EARLY = timedelta(minutes=5)
CLAIM_LIFETIME = timedelta(seconds=10)
TESTING_LIFETIME = timedelta(days=7)
"""How long a grant lives while the OAuth client's publishing status is Testing (FACTS 6.6)."""
UNUSED_LIFETIME = timedelta(days=180)
"""How long an unused grant lives (FACTS 6.6)."""
REFUSED_LIFETIME = timedelta(days=1)
"""How long a refusal that no source describes counts as passing."""
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Grant:
    """Sealed tokens of one connection; `generation` grows with every new refresh token.

    `refresh_claimed_until` is the single-flight claim of the instance that refreshes now.
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
    consent_ends_at: datetime | None = None
    """When a consent given for a limited time ends, as Google said (FACTS 6.4)."""
    refused_since: datetime | None = None
    """Since when the token endpoint answers what no source describes; None where it does not."""
    client_id: str = ""
    """The OAuth client that it was given to, or has refreshed by; empty where none is known."""
    schema_version: int = SCHEMA_VERSION

    def fresh(self, now: datetime) -> bool:
        """Whether the access token needs no refresh yet."""
        return now < self.access_expires_at - REFRESH_EARLY

    def usable(self, now: datetime) -> bool:
        """Whether the access token still works."""
        return now < self.access_expires_at - timedelta(seconds=10)

    def ends_at(self, *, testing: bool) -> datetime | None:
        """Return when Google will end it whatever happens, None where that is not foreseen."""
        tested = self.issued_at + TESTING_LIFETIME if testing and self.issued_at else None
        return min((one for one in (self.consent_ends_at, tested) if one), default=None)

    def given_up(self, now: datetime) -> bool:
        """Whether it was refused, for no reason that is known, for longer than a hiccup takes."""
        return self.refused_since is not None and now - self.refused_since >= REFUSED_LIFETIME

    def is_unused(self, now: datetime) -> bool:
        """Whether Google has ended it because it was not used."""
        used_at = self.refreshed_at or self.issued_at
        return used_at is not None and now - used_at >= UNUSED_LIFETIME
