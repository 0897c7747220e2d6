"""Retention port on Firestore: expiry is the database's own work (`firestore_indexes.TTL`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.adapters.documents.codec import EVENTS
from shared.adapters.firestore.events import FirestoreOutbox
from shared.adapters.firestore.indexes import OWNED
from shared.adapters.firestore.queries import build_query
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import deletion
from shared.domain.ids import ConnectionId
from shared.ports.sync_store import COMMIT_WRITES

LIVES = 50
"""How often an id is connected again at most before the first deletion was delivered."""


@dataclass(frozen=True)
class FirestoreRetention:
    """Retention port; every method raises StoreUnavailableError."""

    rpc: FirestoreRpc

    async def erase(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete what is the connection's: how many."""
        names: list[str] = []
        for collection in OWNED:
            query = build_query(
                collection,
                (("connection_id", "==", connection_id),),
                limit=limit - len(names) + LIVES,
                select=None if collection == EVENTS.collection else ("__name__",),
            )
            found = await self.rpc.query(query)
            stay = self._farewells(found) if collection == EVENTS.collection else ()
            gone = [one.name for one in found if one.name not in stay]
            names += gone[: limit - len(names)]
        for start in range(0, len(names), COMMIT_WRITES):
            part = names[start : start + COMMIT_WRITES]
            await self.rpc.commit([deletion(name, None) for name in part])
        return len(names)

    def _farewells(self, documents: Sequence[Any]) -> frozenset[str]:
        outbox = FirestoreOutbox(self.rpc)
        events = (found.value for found in outbox.load_documents(documents))
        return frozenset(outbox.name(event.id) for event in events if event.is_farewell)

    async def sweep(self, limit: int) -> int:  # noqa: ARG002  there is nothing to limit
        """Do nothing: Firestore deletes within a day of `expires_at`."""
        return 0
