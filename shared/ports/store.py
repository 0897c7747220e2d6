"""All store ports of one technology, as the container hands them out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
from shared.ports.reports import Observations, Troubles
from shared.ports.retention import Retention
from shared.ports.sends import ActionResults, BulkSends, Sends
from shared.ports.sync_store import Quarantine, Records, SyncStates


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
