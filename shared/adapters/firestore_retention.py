"""Retention port on Firestore: expiry is the database's own work (`firestore_indexes.TTL`)."""

from dataclasses import dataclass

from shared.adapters.firestore_indexes import OWNED
from shared.adapters.firestore_queries import structured
from shared.adapters.firestore_rpc import FirestoreRpc
from shared.adapters.firestore_values import deletion
from shared.domain.ids import ConnectionId, EventId
from shared.ports.sync_store import COMMIT_WRITES


@dataclass(frozen=True)
class FirestoreRetention:
    """Retention port; every method raises StoreUnavailableError."""

    rpc: FirestoreRpc

    async def erase(self, connection_id: ConnectionId, limit: int, *, kept: EventId) -> int:
        """Delete what is the connection's: how many."""
        names: list[str] = []
        for collection in OWNED:
            stays = self.rpc.name(collection, kept)
            query = structured(
                collection,
                (("connection_id", "==", connection_id),),
                limit=limit - len(names) + 1,
                select=("__name__",),
            )
            found = [one.name for one in await self.rpc.query(query) if one.name != stays]
            names += found[: limit - len(names)]
        for start in range(0, len(names), COMMIT_WRITES):
            part = names[start : start + COMMIT_WRITES]
            await self.rpc.commit([deletion(name, None) for name in part])
        return len(names)

    async def sweep(self, limit: int) -> int:  # noqa: ARG002  there is nothing to limit
        """Do nothing: Firestore deletes within a day of `expires_at`."""
        return 0
