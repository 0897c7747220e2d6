"""The receivers of events that were registered through the API."""

from collections.abc import Sequence
from typing import Protocol

from shared.domain.webhook_endpoint import WebhookEndpoint
from shared.ports.documents import Documents
from shared.ports.versioned import Versioned


class WebhookEndpoints(Documents[WebhookEndpoint], Protocol):
    """Endpoints by id; there are few."""

    async def list(self) -> Sequence[Versioned[WebhookEndpoint]]:
        """Answer all of them, oldest first."""
        ...
