"""Connections, their grants, who shares an address, and the connect flow under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.domain.connect.connect_session import ConnectSession, ConnectTicket, OAuthState
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import Grant
from shared.domain.connect.receipt import DeletionReceipt
from shared.domain.ids import MailboxId
from shared.domain.sync.mailbox import GoogleUser, Mailbox, MailboxName
from shared.ports.documents import Documents, Versioned, WalkedDocuments


@dataclass(frozen=True, slots=True)
class ConnectionQuery:
    """Filters of a listing; every one given must hold. `limit` counts connections."""

    connection_id: str | None = None
    search: str | None = None
    """A connection id, an e-mail address, or the start of one."""
    end_user_id: str | None = None
    end_user_organization_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    status: ConnectionStatus | None = None
    limit: int = 100
    page: int = 0
    after: tuple[datetime, str] | None = None
    """Only what comes after this place: `created_at` and id of the last connection seen."""


class Connections(WalkedDocuments[Connection], Protocol):
    """Connections by id."""

    async def find(self, query: ConnectionQuery) -> Sequence[Connection]:
        """Return the matching connections, newest first."""
        ...


class Grants(WalkedDocuments[Grant], Protocol):
    """Sealed tokens by connection id."""


class GoogleUsers(Documents[GoogleUser], Protocol):
    """Google users by `sub`; the adapter stores its hash."""


class Mailboxes(Documents[Mailbox], Protocol):
    """Mailboxes by MailboxId."""

    async def renewable(self, now: datetime, limit: int) -> Sequence[Versioned[Mailbox]]:
        """Return mailboxes whose `renew_at` has come, soonest first."""
        ...

    async def note_push(self, key: MailboxId, at: datetime) -> None:
        """Record that a push came; last write wins, absent mailboxes are ignored."""
        ...


class MailboxNames(Documents[MailboxName], Protocol):
    """Which mailbox an address or a `sub` leads to; the adapter stores the name's hash."""


class Receipts(Documents[DeletionReceipt], Protocol):
    """Receipts of disconnects by connection id."""


class ConnectSessions(Documents[ConnectSession], Protocol):
    """Sessions by the hash of their token."""


class ConnectTickets(Documents[ConnectTicket], Protocol):
    """Tickets by hash; taking one is deleting it and being answered True."""


class OAuthStates(Documents[OAuthState], Protocol):
    """Consents under way by the hash of their `state`; taken like a ticket."""
