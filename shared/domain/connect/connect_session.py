"""The connect flow's short-lived documents: session, ticket, OAuth state (DESIGN 5.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from shared.domain.connect.connection import version_in_life
from shared.domain.ids import ConnectionId

SESSION_LIFETIME = timedelta(minutes=30)
TICKET_LIFETIME = timedelta(seconds=60)
OAUTH_STATE_LIFETIME = timedelta(minutes=15)
CONSENT_LIFETIME = 2 * OAUTH_STATE_LIFETIME + TICKET_LIFETIME
"""How long a consent can take: the way through Google, the confirmation, the frame's next look."""
LATEST_CONSENT = timedelta(hours=1)
"""No consent begins later after the session was created, however many were tried."""
SCHEMA_VERSION = 1


class ConnectStatus(StrEnum):
    """What the iframe learns by polling."""

    PENDING = "pending"
    CONNECTED = "connected"
    FAILED = "failed"


def token_hash(token: str) -> str:
    """Return the form in which a single-use token is stored."""
    return sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ConnectSession:
    """What the product asked for; opened with the token."""

    id: str
    """sha256 of the session token."""
    created_at: datetime
    expires_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    end_user: Mapping[str, Any] | None = None
    allowed_integrations: tuple[str, ...] = ()
    integrations_config_defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    reconnect: ConnectionId | None = None
    webhook_url_override: str | None = None
    return_url: str | None = None
    """Where the end user goes when the consent has ended, instead of a page of ours."""
    status: ConnectStatus = ConnectStatus.PENDING
    connection_id: ConnectionId | None = None
    error: str | None = None
    deleted: bool = False
    schema_version: int = SCHEMA_VERSION

    @property
    def consents_until(self) -> datetime:
        """Return when the last consent may begin."""
        return min(self.expires_at, self.created_at + LATEST_CONSENT)

    def with_consent(self, now: datetime) -> "ConnectSession":
        """Return the session, not to end before a consent that begins now."""
        return replace(self, expires_at=max(self.expires_at, now + CONSENT_LIFETIME))

    @property
    def to_be(self) -> "ConnectionToBe | None":
        """The connection that its consent shall make; None where it renews one."""
        if self.connection_id is None or self.reconnect is not None:
            return None
        return ConnectionToBe(
            self.connection_id, self.created_at, self.tags, self.end_user, self.webhook_url_override
        )


@dataclass(frozen=True, slots=True)
class ConnectionToBe:
    """What a session knows of the connection that its consent shall make."""

    id: ConnectionId
    created_at: datetime
    """The session's own: before any connection of it."""
    tags: Mapping[str, str]
    end_user: Mapping[str, Any] | None
    webhook_url_override: str | None

    def version(self, step: int | None) -> int:
        """Return an event's version, below those of the connection that is made in the end."""
        return version_in_life(self.created_at, step)


@dataclass(frozen=True, slots=True)
class ConnectTicket:
    """A 60-second single-use right to start consent at top level; `id` is its sha256.

    One under a listener's name starts none: it says which session the listener waits for, or why
    there is none (`refused`).
    """

    id: str
    session_id: str
    expires_at: datetime
    refused: str | None = None
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class OAuthState:
    """One consent under way; `id` is sha256 of the `state` parameter."""

    id: str
    session_id: str
    code_verifier: bytes
    """Sealed: it redeems the code."""
    nonce: str
    cookie_hash: str
    """sha256 of the cookie that binds the flow to one browser."""
    expires_at: datetime
    pending: bytes | None = None
    """Sealed tokens and identity, where only the end user's confirmation is still missing."""
    used: bool = False
    """Whether it has counted: what it held is gone, and it only shows again what came of it."""
    schema_version: int = SCHEMA_VERSION
