"""Which adapter stands behind which port: one row a type, by whom it is built."""

from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from shared.domain.google.observations import Sightings
from shared.domain.models.sync import OwnSyncs
from shared.domain.trouble_board import TroubleNotes
from shared.edge.composition import access, google, stores
from shared.edge.composition.assembly import Assembly
from shared.ports.access import ErrorDescription
from shared.ports.clock import Clock
from shared.ports.events import FirstAttempts, Operations
from shared.ports.google.apis import GoogleApis
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.google.oauth import CallerTokens, GoogleOAuth, GoogleSignIn, Sealer
from shared.ports.outside import OutsideHttp, Secrets
from shared.ports.queue import Queue
from shared.ports.sends import BounceRecorder, HeldSends, Sends
from shared.ports.sinks import Sinks, WebhookSink
from shared.ports.store import Store
from shared.ports.telemetry import Telemetry

Provider = Callable[[Assembly], Any]

STORE_PORTS: Mapping[Any, str] = {
    port: name for name, port in get_type_hints(Store).items() if name != "close"
}
"""Each collection's port and its name in the store."""
PROVIDERS: Mapping[Any, Provider] = {
    Clock: stores.clock,
    Store: stores.store,
    Operations: stores.operations,
    Sends: stores.sends,
    TroubleNotes: stores.trouble_notes,
    Sightings: stores.sightings,
    HeldSends: access.held_sends,
    Telemetry: stores.telemetry,
    Queue: google.queue,
    GmailMailboxes: google.gmail,
    GoogleApis: google.apis,
    OutsideHttp: google.outside,
    Secrets: access.secrets,
    OwnSyncs: access.own_syncs,
    GoogleOAuth: google.oauth,
    GoogleSignIn: google.sign_in,
    CallerTokens: google.caller_tokens,
    Sealer: google.sealer,
    Sinks: google.sinks,
    WebhookSink: google.webhook_sink,
    BounceRecorder: access.bounce_recorder,
    FirstAttempts: access.first_attempts,
    ErrorDescription: access.error_description,
}
LATE: Mapping[str, Provider] = {
    "shared.edge.web.callers.api_key_cache.ApiKeyCache": access.api_key_cache,
    "httpx.AsyncClient": google.http_client,
    "shared.adapters.google.credentials.ApplicationTokens": google.application_tokens,
}
"""By qualified name: they are imported where they are first used, not here (FACTS 16.4)."""


def provider_of(wanted: Any) -> Provider | None:
    """Return what builds `wanted`; None where it is the store's, or built from its own fields."""
    if wanted in PROVIDERS:
        return PROVIDERS[wanted]
    name = f"{getattr(wanted, '__module__', '')}.{getattr(wanted, '__qualname__', '')}"
    return LATE.get(name)
