"""A Gmail address as all connections on it share it: its watch and its Google user."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.ids import ConnectionId, EmailKey, GoogleSub

WATCH_LIFETIME = timedelta(days=7)
RENEW_AFTER = timedelta(days=5)
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One watch per (address, project), shared by every connection on it (FACTS 2.8)."""

    key: EmailKey
    connections: frozenset[ConnectionId]
    watch_expires_at: datetime | None = None
    renew_at: datetime | None = None
    """When the watch is due for renewal, spread by jitter."""
    last_push_at: datetime | None = None
    """Written at most once a minute."""
    watch_error: str | None = None
    lapse_told: bool = False
    """Whether the product heard that this watch expired; False again once it is armed."""
    revived_at: datetime | None = None
    """When a watch that announced nothing was armed again."""
    armings: int = 0
    """How often it was armed."""
    stopped_at: datetime | None = None
    """When the watch was stopped by hand; None once it is armed again, at `renew_at`."""
    closing: bool = False
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class GoogleUser:
    """Every connection of one Google user: revocation is per user and project (FACTS 6.9)."""

    sub: GoogleSub
    connections: frozenset[ConnectionId] = field(default_factory=frozenset)
    rate_limited_until: datetime | None = None
    closing: bool = False
    schema_version: int = SCHEMA_VERSION
