"""All store ports of one technology, as the container hands them out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from shared.domain.ids import ConnectionId
from shared.ports.access import ApiKeys, Approvals, ConsoleSessions, SendCounts
from shared.ports.connections import (
    Connections,
    ConnectSessions,
    ConnectTickets,
    GoogleUsers,
    Grants,
    Mailboxes,
    MailboxNames,
    OAuthStates,
    Receipts,
)
from shared.ports.events import Operations, Outbox, WebhookEndpoints
from shared.ports.model_store import Adoptions, ModelRecords, ModelSyncs
from shared.ports.sends import ActionResults, BulkSends, Sends
from shared.ports.sync_store import Quarantine, Records, SyncStates
from shared.ports.telemetry import Observations, Troubles


class Retention(Protocol):
    """Deletion across collections.

    Every stored document has an expiry, or an owner whose end removes it. The connection's own
    documents are its use case's to remove; these are those that many use cases write.
    """

    async def erase(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete the connection's events, sends, bulks, action results and approvals: how many.

        An event that reports a deletion of the connection stays, also one of a former life of its
        id: it has yet to be delivered. Called again until it answers 0, nothing else is left.
        """
        ...

    async def sweep(self, limit: int) -> int:
        """Delete what has expired, where the store does not do so by itself: how many went.

        Also frees what deleted documents have left behind on disk.
        """
        ...


@dataclass(frozen=True, slots=True)
class Store:
    """Every collection of one database."""

    connections: Connections
    grants: Grants
    google_users: GoogleUsers
    mailboxes: Mailboxes
    mailbox_names: MailboxNames
    sync_states: SyncStates
    records: Records
    quarantine: Quarantine
    model_syncs: ModelSyncs
    model_records: ModelRecords
    adoptions: Adoptions
    outbox: Outbox
    operations: Operations
    connect_sessions: ConnectSessions
    connect_tickets: ConnectTickets
    oauth_states: OAuthStates
    sends: Sends
    bulk_sends: BulkSends
    action_results: ActionResults
    approvals: Approvals
    send_counts: SendCounts
    api_keys: ApiKeys
    console_sessions: ConsoleSessions
    receipts: Receipts
    retention: Retention
    troubles: Troubles
    observations: Observations
    webhook_endpoints: WebhookEndpoints
    close: Callable[[], Awaitable[None]]
    """Give back connections; every later call raises StoreUnavailableError."""
