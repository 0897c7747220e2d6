"""What needs more than the types of its fields: keys of the settings, and use cases as ports."""

# ruff: noqa: PLC0415  each function loads only what it uses (FACTS 16.4)

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.domain.ids import ConnectionId
from shared.edge.composition.assembly import Assembly
from shared.ports.access import ApiKeys, ErrorDescription
from shared.ports.clock import Clock
from shared.ports.events import FirstAttempts
from shared.ports.google.gmail import GmailObject
from shared.ports.outside import Secrets
from shared.ports.sends import BounceRecorder, HeldSends

if TYPE_CHECKING:
    from shared.domain.models.sync import OwnSyncs
    from shared.edge.web.callers.api_key_cache import ApiKeyCache


def api_key_cache(container: Assembly) -> "ApiKeyCache":
    """Return the keys that open the API, and how often each may call."""
    from shared.edge.web.callers.api_key_cache import ApiKeyCache, root_keys
    from shared.edge.web.callers.rates import RateLimiter

    settings, clock = container.settings, container.use(Clock)
    return ApiKeyCache(
        root=root_keys(settings.api_keys, clock.now()),
        stored=container.use(ApiKeys),
        clock=clock,
        per_minute=settings.requests_per_minute,
        rates=container.use(RateLimiter),
    )


def bounce_recorder(container: Assembly) -> BounceRecorder:
    """Return what ties delivery-status messages to sends, loaded with the first of them."""

    async def record(connection_id: ConnectionId, reports: Sequence[GmailObject]) -> None:
        from shared.usecases.send.record_bounces import RecordBounces

        await container.use(RecordBounces)(connection_id, reports)

    return record


def held_sends(container: Assembly) -> HeldSends:
    """Return what wakes the held sends of a connection, loaded when a trouble has ended."""

    async def wake(connection_id: ConnectionId) -> int:
        from shared.usecases.send.held import WakeHeld

        return await container.use(WakeHeld)(connection_id)

    return wake


def first_attempts(container: Assembly) -> FirstAttempts:
    """Return what tries an event within the request that commits it."""
    from shared.usecases.events.first_attempt import TryAtOnce

    return container.use(TryAtOnce)


def error_description(_container: Assembly) -> ErrorDescription:
    """Return what tells an error as data that is kept."""
    from shared.edge.web.status import error_record

    return error_record


def own_syncs(container: Assembly) -> "OwnSyncs":
    """Return the deployment's own syncs, and the ready ones that its settings name."""
    from shared.actions.syncs import own_syncs

    return own_syncs(container.settings.syncs)


def secrets(_container: Assembly) -> Secrets:
    """Return the values of own code's secrets."""
    from shared.adapters.environment_secrets import EnvironmentSecrets

    return EnvironmentSecrets()
