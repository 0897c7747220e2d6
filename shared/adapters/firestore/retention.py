"""Retention on Firestore: what is emptied, purged and erased.

Expiry is the database's own work (`firestore_indexes.TTL`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.adapters.documents.codec import EVENTS
from shared.adapters.firestore.events import FirestoreOutbox
from shared.adapters.firestore.indexes import OWNED
from shared.adapters.firestore.queries import Filter, build_query
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import Path, change, deletion, version_of
from shared.domain.ids import ConnectionId
from shared.errors import ConflictError
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


UNPRUNED: Filter = ("pruned_at", "is_null", None)


async def empty_payloads(
    rpc: FirestoreRpc,
    owner: ConnectionId,
    collection: str,
    filters: Sequence[Filter],
    *,
    limit: int,
    now: datetime,
    forgetting: Mapping[Path, Any] = MappingProxyType({}),
) -> tuple[int, bool]:
    """Empty unpruned payloads, in the order of the last filter: how many, and whether more remain.

    `forgetting` is what else tells of a record's content, with its empty value.

    Raises StoreUnavailableError.
    """
    query = build_query(
        collection,
        (UNPRUNED, *filters),
        ((filters[-1][0], "ASC"),),
        limit=limit + 1,
        select=("pruned_at",),
    )
    found = await rpc.query(query, rpc.name("connections", owner))
    emptied: dict[Path, Any] = {("payload",): b"", ("pruned_at",): now, **forgetting}
    writes = [change(one.name, emptied, version_of(one.update_time)) for one in found[:limit]]
    done = 0
    for start in range(0, len(writes), COMMIT_WRITES):
        try:
            done += len(await rpc.commit(writes[start : start + COMMIT_WRITES]))
        except ConflictError:
            return done, True
    return done, len(found) > limit


async def purge(
    rpc: FirestoreRpc, owner: ConnectionId, collections: Sequence[str], limit: int
) -> int:
    """Delete documents for good, a collection after the other: how many went.

    Raises StoreUnavailableError.
    """
    gone = 0
    for collection in collections:
        if gone == limit:
            break
        query = build_query(collection, limit=limit - gone, select=("__name__",))
        found = await rpc.query(query, rpc.name("connections", owner))
        for start in range(0, len(found), COMMIT_WRITES):
            part = found[start : start + COMMIT_WRITES]
            await rpc.commit([deletion(one.name, None) for one in part])
        gone += len(found)
    return gone
