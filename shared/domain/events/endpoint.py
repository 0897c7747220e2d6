"""Where events go: an endpoint of the product's, and the secrets its webhooks are signed with."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.events.event import Event, EventType
from shared.domain.ids import ConnectionId

SCHEMA_VERSION = 1
MOST_ENDPOINTS = 50
"""Of a deployment; every event looks at all of them."""


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A sealed secret; `expires_at` is set once a newer one exists."""

    sealed: bytes
    created_at: datetime
    expires_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Whether webhooks are still signed with it."""
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """One receiver: an https address, or a sink the operator allows (`pubsub:`, `sqs:`)."""

    id: str
    url: str
    created_at: datetime
    updated_at: datetime
    secrets: tuple[SigningSecret, ...] = ()
    """Newest first; none for a sink, which has an identity of its own."""
    types: frozenset[EventType] = frozenset()
    """Empty: every type."""
    connection_ids: frozenset[ConnectionId] | None = None
    """None: every connection without a webhook address of its own."""
    description: str = ""
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    deferred_until: datetime | None = None
    """Until when the receiver asked to be left alone (429 with Retry-After)."""
    schema_version: int = SCHEMA_VERSION

    def wants(self, event: Event) -> bool:
        """Whether the event is one for this endpoint, disabled or not."""
        mine = self.connection_ids is None or event.connection_id in self.connection_ids
        return mine and (not self.types or event.type in self.types)
