"""Small types read off the deployment's settings: what use cases and routes know of them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from shared.actions.present import has_own_syncs
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.events.addresses import AllowedHosts
from shared.domain.sync.alias import SyncAliases
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.edge.settings.deployment import Settings
from shared.edge.web.deployment import Deployment, ServiceIdentities, ServiceIdentity
from shared.ports.google.gmail import GmailTopic
from shared.ports.sinks import EventSettings, SinkChoices
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.sync.models.adopt import OwnSyncsServed


def settings_themselves(settings: Settings) -> Settings:
    """Return them all: for what stands above the settings, as the console does."""
    return settings


def deployment(settings: Settings) -> Deployment:
    """Return what the web layer may know."""
    return Deployment(
        environment=settings.environment,
        public_url=settings.public_url,
        google_project=settings.google_project,
        product_origins=settings.product_origins,
        proxy_hops=settings.proxy_hops,
        mcp_result_bytes=settings.mcp_result_bytes,
        backups_kept=timedelta(days=settings.backup_days),
        testing=settings.publishing == "testing",
        ready_syncs=tuple(settings.syncs),
    )


def service_identities(settings: Settings) -> ServiceIdentities:
    """Return whom the tokens at the private entries must name."""
    return ServiceIdentities(
        push=ServiceIdentity(settings.push_audience, settings.push_service_account),
        tasks=ServiceIdentity(settings.tasks_audience, settings.tasks_service_account),
        scheduler=ServiceIdentity(settings.tasks_audience, settings.scheduler_service_account),
    )


def connect_settings(settings: Settings) -> ConnectSettings:
    """Return what the connect flow needs to know."""
    return ConnectSettings(
        public_url=settings.public_url,
        product_name=settings.product_name,
        oauth_client_id=settings.oauth_client_id,
        environment=settings.environment,
        testing=settings.publishing == "testing",
    )


def event_settings(settings: Settings) -> EventSettings:
    """Return what signs events, and the sinks that are told of every one."""
    return EventSettings(settings.events.secrets, settings.events.sinks, settings.events.flavour)


def allowed_hosts(settings: Settings) -> AllowedHosts:
    """Return the hosts that webhooks may go to although they are private or without TLS."""
    return settings.events.allowed


def sink_choices(settings: Settings) -> SinkChoices:
    """Return the sinks that an endpoint may name."""
    return SinkChoices(settings.events.sink_choices)


def gmail_topic(settings: Settings) -> GmailTopic:
    """Return the topic that Gmail publishes to."""
    return GmailTopic(settings.gmail_topic)


def units_per_minute(settings: Settings) -> UnitsPerMinute:
    """Return the allowance of one Google user."""
    return UnitsPerMinute(settings.units_per_minute)


def integration_names(settings: Settings) -> IntegrationNames:
    """Return what callers may call the integration."""
    return IntegrationNames(settings.integration_aliases)


def sync_aliases(settings: Settings) -> SyncAliases:
    """Return what the product's code calls the mailbox's sync and its model."""
    return settings.sync_aliases


def own_syncs_served(settings: Settings) -> OwnSyncsServed:
    """Return whether the deployment has own syncs."""
    return OwnSyncsServed(has_own_syncs(settings.syncs))


SETTINGS: Mapping[Any, Callable[[Settings], Any]] = {
    Settings: settings_themselves,
    Deployment: deployment,
    ServiceIdentities: service_identities,
    ConnectSettings: connect_settings,
    EventSettings: event_settings,
    AllowedHosts: allowed_hosts,
    SinkChoices: sink_choices,
    GmailTopic: gmail_topic,
    UnitsPerMinute: units_per_minute,
    IntegrationNames: integration_names,
    SyncAliases: sync_aliases,
    OwnSyncsServed: own_syncs_served,
}
"""Read anew at each use: they cost microseconds, and a test may replace the settings."""
