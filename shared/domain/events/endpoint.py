"""Where events go: an endpoint of the product's, and the secrets its webhooks are signed with."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.events.event import Event, EventType
from shared.domain.events.flavour import NANGO_TYPES, Flavour
from shared.domain.ids import ConnectionId

SCHEMA_VERSION = 1
GIVEN_UP_AFTER = timedelta(days=5)
"""Longer than an event's own ten attempts take."""
SUCCESS_EVERY = timedelta(hours=1)
MOST_ENDPOINTS = 50
"""Of a deployment; every event looks at all of them."""


class Content(StrEnum):
    """What a receiver is sent of the messages that a `sync` event reports."""

    NONE = "none"
    SUMMARY = "summary"
    FULL = "full"


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
    """Empty: every type that its flavour has."""
    connection_ids: frozenset[ConnectionId] | None = None
    """None: every connection without a webhook address of its own."""
    description: str = ""
    flavour: Flavour = Flavour.POSTROOM
    content: Content = Content.NONE
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    deferred_until: datetime | None = None
    """Until when the receiver asked to be left alone (429 with Retry-After)."""
    failing_since: datetime | None = None
    """Since when no attempt has succeeded; None where the last one did."""
    last_success_at: datetime | None = None
    """Written at most once an hour."""
    schema_version: int = SCHEMA_VERSION

    def with_success(self, now: datetime) -> "WebhookEndpoint":
        """Return it after an event was taken; itself where that is known."""
        known = self.last_success_at is not None and now - self.last_success_at < SUCCESS_EVERY
        if self.failing_since is None and known:
            return self
        return replace(self, failing_since=None, last_success_at=now)

    def with_failure(self, now: datetime) -> "WebhookEndpoint":
        """Return it after an attempt in vain."""
        return replace(self, failing_since=self.failing_since or now)

    def has_failed_for_days(self, failure: str | None, now: datetime) -> bool:
        """Whether nothing has succeeded for so long that it is given up."""
        since = self.failing_since
        return failure is not None and since is not None and now - since >= GIVEN_UP_AFTER

    def wants(self, event: Event) -> bool:
        """Whether the event is one for this endpoint, disabled or not."""
        mine = self.connection_ids is None or event.connection_id in self.connection_ids
        has_type = self.flavour is Flavour.POSTROOM or event.type in NANGO_TYPES
        return mine and (event.type in self.types if self.types else has_type)
