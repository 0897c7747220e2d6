"""WebhookEndpoints port on Firestore."""

from collections.abc import Sequence

from shared.adapters.document_codec import WEBHOOK_ENDPOINTS
from shared.adapters.firestore_documents import FirestoreDocuments
from shared.adapters.firestore_queries import structured
from shared.adapters.firestore_rpc import FirestoreRpc
from shared.domain.webhook_endpoint import WebhookEndpoint
from shared.ports.versioned import Versioned

ALL = 1_000
"""More than a deployment may have."""


class FirestoreWebhookEndpoints(FirestoreDocuments[WebhookEndpoint]):
    """WebhookEndpoints port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, WEBHOOK_ENDPOINTS)

    async def list(self) -> Sequence[Versioned[WebhookEndpoint]]:
        """Answer all of them, oldest first. Raises StoreUnavailableError."""
        query = structured("webhook_endpoints", order=(("created_at", "ASC"),), limit=ALL)
        return self.listed(await self.rpc.query(query))
