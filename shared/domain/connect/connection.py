"""A connection: one authorised mailbox of one end user."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.ids import (
    ConnectionId,
    EmailKey,
    GoogleSub,
    MailboxId,
    email_key,
    first_mailbox_id,
    told_sub,
)

DEFAULT_WINDOW = "30d"
INTEGRATION = "google-mail"
_A_SECOND = 10_000
"""Of versions: what befalls a connection in its life is numbered below it."""
SCHEMA_VERSION = 1


class ConnectionStatus(StrEnum):
    """What the product's people see of a connection."""

    ACTIVE = "active"
    REAUTH_REQUIRED = "reauth_required"
    PAUSED = "paused"
    DISCONNECTING = "disconnecting"


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What of the mailbox is kept.

    `window` is "30d" style days, "all", or an ISO date; of `labels` and of `senders` (addresses,
    or domains written `@example.com`) any must fit, empty keeps all; of the labels in `exclude`
    none may; `frequency` is how often a connection that hears nothing is asked; `headers` are
    names of headers that records keep besides the usual ones.
    """

    window: str = DEFAULT_WINDOW
    labels: tuple[str, ...] = ()
    frequency: timedelta = timedelta(hours=1)
    senders: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deferral:
    """Until when a webhook's address is left alone: it asked for time, or did not answer."""

    address: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """Identity, consent and settings of one connected mailbox."""

    id: ConnectionId
    email: str
    sub: GoogleSub
    scopes: frozenset[str]
    status: ConnectionStatus
    created_at: datetime
    updated_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    end_user: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sync: SyncSettings = field(default_factory=SyncSettings)
    retention: timedelta = timedelta(days=7)
    """How long a tombstone keeps its payload."""
    webhook_url_override: str | None = None
    webhook_deferral: Deferral | None = None
    """Set while that address is to be left alone."""
    error: str | None = None
    """Why the status is not active, as a code: revoked, session_policy..."""
    mailbox: MailboxId | None = None
    """None in what an earlier release stored: its mailbox has the id of its address."""
    address_changes: int = 0
    """How often Google has given the account another address since it was connected."""
    schema_version: int = SCHEMA_VERSION

    @property
    def email_key(self) -> EmailKey:
        """The address as it is compared."""
        return email_key(self.email)

    @property
    def mailbox_id(self) -> MailboxId:
        """The mailbox this connection reads."""
        return self.mailbox or first_mailbox_id(self.email)

    def is_of(self, sub: GoogleSub, email: str) -> bool:
        """Whether its account is this one, by its `sub`, or its address until that is told."""
        return self.sub == sub or (
            told_sub(self.sub) is None and self.email_key == email_key(email)
        )

    def version(self, step: int | None) -> int:
        """Return an event's version: an id may be used again, so each life begins above the last.

        None is the last step of a life.
        """
        return version_in_life(self.created_at, step)


def version_in_life(began: datetime, step: int | None) -> int:
    """Return the version of a step, None for the last one, in a life that began then."""
    last = _A_SECOND - 1
    return int(began.timestamp()) * _A_SECOND + (last if step is None else min(step, last - 1))
