"""A mailbox as all connections on it share it: its names, its watch and its Google user."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.ids import ConnectionId, EmailKey, GoogleSub, MailboxId, email_key

WATCH_LIFETIME = timedelta(days=7)
RENEW_AFTER = timedelta(days=5)
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One watch per (mailbox, project), shared by every connection on it (FACTS 2.8)."""

    key: MailboxId
    connections: frozenset[ConnectionId]
    watch_expires_at: datetime | None = None
    renew_at: datetime | None = None
    """When the watch is due for renewal, spread by jitter."""
    last_push_at: datetime | None = None
    """Written at most once an hour."""
    watch_error: str | None = None
    lapse_told: bool = False
    """Whether the product heard that it expired, or was never armed; False again once it is."""
    revived_at: datetime | None = None
    """When a watch that announced nothing was armed again."""
    armings: int = 0
    """How often it was armed."""
    stopped_at: datetime | None = None
    """When the watch was stopped by hand; None once it is armed again, at `renew_at`."""
    email: str | None = None
    """Its address, as Google said last; compared whenever the watch is armed (FACTS 18.11)."""
    addresses: frozenset[EmailKey] | None = None
    """Every address that leads here; None in what an earlier release stored, whose id is it."""
    sub: GoogleSub | None = None
    """Of its Google account, where that is known."""
    silent_since: datetime | None = None
    """Since when it announces nothing although it was armed anew; None again after a push."""
    vain_revivals: int = 0
    """How many armings in a row, because it announced nothing, brought no push."""
    closing: bool = False
    schema_version: int = SCHEMA_VERSION

    def is_known_as(self, key: EmailKey) -> bool:
        """Whether this address leads here."""
        return email_key(self.key) == key if self.addresses is None else key in self.addresses

    def is_at(self, email: str, sub: GoogleSub | None) -> bool:
        """Whether it is stored under this address and account already."""
        known = self.addresses is not None and email_key(email) in self.addresses
        same = self.email is not None and email_key(self.email) == email_key(email)
        return known and same and (sub is None or self.sub is not None)

    def at(self, email: str, sub: GoogleSub | None) -> "Mailbox":
        """Return it under this address; the former ones lead here until another takes them."""
        former = {email_key(self.key)} if self.addresses is None else self.addresses
        known = frozenset({*former, email_key(email)})
        return replace(self, email=email, addresses=known, sub=self.sub or sub)


@dataclass(frozen=True, slots=True)
class MailboxName:
    """A unique name of a mailbox: one of its addresses, or the `sub` of its Google account."""

    name: str
    mailbox: MailboxId
    schema_version: int = SCHEMA_VERSION


def address_name(key: EmailKey) -> str:
    """Return the name that an address is."""
    return f"address:{key}"


def sub_name(sub: GoogleSub) -> str:
    """Return the name that a Google account's `sub` is."""
    return f"sub:{sub}"


@dataclass(frozen=True, slots=True)
class GoogleUser:
    """Every connection of one Google user: revocation is per user and project (FACTS 6.9)."""

    sub: GoogleSub
    connections: frozenset[ConnectionId] = field(default_factory=frozenset)
    rate_limited_until: datetime | None = None
    closing: bool = False
    schema_version: int = SCHEMA_VERSION
