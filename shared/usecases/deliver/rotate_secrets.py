"""Bring an endpoint's sealed secrets under the current key-encryption key."""

import logging
from dataclasses import replace

from shared.domain.webhook_endpoint import SigningSecret, WebhookEndpoint
from shared.errors import ConflictError, CorruptStateError
from shared.ports.oauth import Sealer
from shared.ports.versioned import Versioned
from shared.ports.webhook_endpoints import WebhookEndpoints
from shared.usecases.connect.sealed_alone import key_of_alone, rewrap_alone

log = logging.getLogger(__name__)


async def rewrapped_endpoint(
    endpoints: WebhookEndpoints,
    sealer: Sealer,
    was: Versioned[WebhookEndpoint] | None,
    key: str,
) -> bool | None:
    """Answer True where it was brought over, None where all was current, False if unreadable."""
    while was is not None:
        endpoint = was.value
        try:
            secrets = [
                await _brought_over(sealer, endpoint.id, one, key) for one in endpoint.secrets
            ]
            if tuple(secrets) == endpoint.secrets:
                return None
            await endpoints.swap(was, replace(endpoint, secrets=tuple(secrets)))
        except ConflictError:
            was = await endpoints.get(endpoint.id)
            continue
        except CorruptStateError:
            log.warning("signing secret cannot be unwrapped", extra={"endpoint": endpoint.id})
            return False
        return True
    return None


async def _brought_over(sealer: Sealer, id: str, secret: SigningSecret, key: str) -> SigningSecret:
    if key_of_alone(sealer, secret.sealed) == key:
        return secret
    return replace(secret, sealed=await rewrap_alone(sealer, secret.sealed, owner=id))
