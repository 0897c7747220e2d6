"""Which adapter stands behind which port; each is built when first asked for."""

# ruff: noqa: PLC0415  each function loads only the adapters it uses (FACTS 16.4)

from functools import cached_property
from typing import TYPE_CHECKING

from shared.edge.settings.deployment import Settings

if TYPE_CHECKING:
    from shared.adapters.telemetry.operations_log import BatchedOperations
    from shared.domain.events.event import Event
    from shared.edge.web.api_key_cache import ApiKeyCache
    from shared.ports.access import ApiKeys, Approvals, SendCounts
    from shared.ports.clock import Clock
    from shared.ports.connections import (
        Connections,
        ConnectSessions,
        ConnectTickets,
        GoogleUsers,
        Grants,
        Mailboxes,
        OAuthStates,
        Receipts,
    )
    from shared.ports.events import Outbox, WebhookEndpoints
    from shared.ports.retention import Retention
    from shared.ports.sends import ActionResults, BulkSends, Sends
    from shared.ports.store import Store
    from shared.ports.sync_store import Quarantine, Records, SyncStates
    from shared.ports.telemetry import Telemetry


class WiredPorts:
    """The ports of one deployment. A test may assign any of them before it is first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def api_key_cache(self) -> "ApiKeyCache":
        """The keys that open the API, and how often each may call. Kept: it remembers them."""
        from shared.edge.web.api_key_cache import ApiKeyCache, root_keys
        from shared.edge.web.rates import RateLimiter

        return ApiKeyCache(
            root=root_keys(self.settings.api_keys, self.clock.now()),
            stored=self.api_keys,
            clock=self.clock,
            per_minute=self.settings.requests_per_minute,
            rates=RateLimiter(self.clock),
        )

    @property
    def api_keys(self) -> "ApiKeys":
        """Stored API keys by id."""
        return self.store.api_keys

    @property
    def approvals(self) -> "Approvals":
        """Calls that wait for a person's word."""
        return self.store.approvals

    @property
    def send_counts(self) -> "SendCounts":
        """How much each key sent today."""
        return self.store.send_counts

    @property
    def receipts(self) -> "Receipts":
        """What disconnects left."""
        return self.store.receipts

    @property
    def retention(self) -> "Retention":
        """Deletion of what is over."""
        return self.store.retention

    @cached_property
    def telemetry(self) -> "Telemetry | None":
        """Traces and metrics, None where the settings name nobody to take them."""
        if not self.settings.telemetry:
            return None
        from shared.adapters.telemetry.export import ExportedTelemetry

        return ExportedTelemetry(
            self.settings.telemetry,
            environment=self.settings.environment,
            project=self.settings.google_project,
        )

    @cached_property
    def clock(self) -> "Clock":
        """Real time."""
        from shared.adapters.system_clock import SystemClock

        return SystemClock()

    @cached_property
    def store(self) -> "Store":
        """Every collection, in the technology the settings name."""
        if (path := self.settings.sqlite_path) is not None:
            from shared.adapters.sqlite import store as sqlite_store

            return sqlite_store.open_store(path, self.clock, self.wake)
        from shared.adapters.firestore import store as firestore_store

        project, database = self.settings.firestore
        return firestore_store.open_store(project, database, self.wake)

    async def wake(self, event: "Event") -> None:
        """Wake the delivery of an event that was just stored."""

    @property
    def connections(self) -> "Connections":
        """Connections by id."""
        return self.store.connections

    @property
    def grants(self) -> "Grants":
        """Sealed tokens by connection id."""
        return self.store.grants

    @property
    def google_users(self) -> "GoogleUsers":
        """Who shares a Google user."""
        return self.store.google_users

    @property
    def mailboxes(self) -> "Mailboxes":
        """Who shares a Gmail address."""
        return self.store.mailboxes

    @property
    def sync_states(self) -> "SyncStates":
        """The one document all writers of a connection agree on."""
        return self.store.sync_states

    @property
    def records(self) -> "Records":
        """The live copy of each mailbox."""
        return self.store.records

    @property
    def quarantine(self) -> "Quarantine":
        """Messages that could not be stored yet."""
        return self.store.quarantine

    @property
    def outbox(self) -> "Outbox":
        """Events for the product."""
        return self.store.outbox

    @cached_property
    def operations(self) -> "BatchedOperations":
        """The log a person reads; an entry that is lost fails nothing. Kept: it gathers."""
        from shared.adapters.telemetry.operations_log import BatchedOperations, BestEffortOperations

        told = self.telemetry.told if self.telemetry else None
        return BatchedOperations(BestEffortOperations(self.store.operations), told)

    @property
    def connect_sessions(self) -> "ConnectSessions":
        """Connect sessions by the hash of their token."""
        return self.store.connect_sessions

    @property
    def connect_tickets(self) -> "ConnectTickets":
        """Tickets by hash."""
        return self.store.connect_tickets

    @property
    def oauth_states(self) -> "OAuthStates":
        """Consents under way."""
        return self.store.oauth_states

    @property
    def sends(self) -> "Sends":
        """The send ledger."""
        return self.store.sends

    @property
    def bulk_sends(self) -> "BulkSends":
        """Bulks of sends."""
        return self.store.bulk_sends

    @property
    def webhook_endpoints(self) -> "WebhookEndpoints":
        """Where events go."""
        return self.store.webhook_endpoints

    @property
    def action_results(self) -> "ActionResults":
        """Idempotency of the other actions."""
        return self.store.action_results
