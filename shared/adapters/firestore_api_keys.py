"""ApiKeys port on Firestore."""

from collections.abc import Sequence

from shared.adapters.document_codec import API_KEYS
from shared.adapters.firestore_documents import FirestoreDocuments
from shared.adapters.firestore_queries import Order, structured
from shared.adapters.firestore_rpc import FirestoreRpc
from shared.domain.api_key import ApiKey


class FirestoreApiKeys(FirestoreDocuments[ApiKey]):
    """ApiKeys port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, API_KEYS)

    async def list(self, limit: int) -> Sequence[ApiKey]:
        """Answer keys, newest first. Raises StoreUnavailableError."""
        order: tuple[Order, ...] = (("created_at", "DESC"),)
        query = structured(API_KEYS.collection, order=order, limit=limit)
        return [versioned.value for versioned in self.listed(await self.rpc.query(query))]

    async def children(self, parent: str, limit: int) -> Sequence[ApiKey]:
        """Return keys that this one made. Raises StoreUnavailableError."""
        query = structured(API_KEYS.collection, (("parent", "==", parent),), limit=limit)
        return [versioned.value for versioned in self.listed(await self.rpc.query(query))]
