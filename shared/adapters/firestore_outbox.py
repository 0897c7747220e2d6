"""Outbox, Operations and Sends ports on Firestore."""

from collections.abc import Sequence
from datetime import datetime

from shared.adapters.document_codec import EVENTS, OPERATIONS, SENDS
from shared.adapters.firestore_documents import Derived, FirestoreDocuments
from shared.adapters.firestore_listings import (
    due_anywhere,
    due_in_shard,
    listed_under,
    newest_listed,
)
from shared.adapters.firestore_queries import structured
from shared.adapters.firestore_rpc import FirestoreRpc
from shared.adapters.firestore_values import replacement, version_of
from shared.domain.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.domain.send import SendEntry
from shared.domain.sync_state import shard_of
from shared.ports.versioned import Versioned


def _event(value: Event) -> Derived:
    return {
        "shard": value.shard,
        "due_at": value.next_attempt_at if value.state is EventState.PENDING else None,
        "listed_under": listed_under(value.id, value.connection_id, value.state.value),
    }


def _operation(value: Operation) -> Derived:
    kinds = (value.type.value, value.state.value)
    return {"listed_under": listed_under(value.id, value.connection_id, *kinds)}


def _send(value: SendEntry) -> Derived:
    return {
        "shard": shard_of(value.id),
        "due_at": None if value.state.final else value.next_due_at,
    }


class FirestoreOutbox(FirestoreDocuments[Event]):
    """Outbox port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, EVENTS, _event)

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[EventId]:
        """Answer due events of the shard. Raises StoreUnavailableError."""
        found = await due_in_shard(self.rpc, "events", shard, now, by="due_at", limit=limit)
        return [EventId(document.fields["id"].string_value) for document in found]

    async def list(
        self, *, state: EventState | None, connection_id: ConnectionId | None, limit: int
    ) -> Sequence[Event]:
        """Answer events, newest first. Raises StoreUnavailableError."""
        found = await newest_listed(
            self.rpc, "events", connection_id, (state,), by="created_at", limit=limit
        )
        return [versioned.value for versioned in self.listed(found)]


class FirestoreOperations(FirestoreDocuments[Operation]):
    """Operations port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, OPERATIONS, _operation)

    async def append(self, operation: Operation) -> None:
        """Write one entry; writing it again changes nothing. Raises StoreUnavailableError."""
        await self.rpc.commit((replacement(self.name(operation.id), self.fields(operation)),))

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        type: OperationType | None,
        state: OperationState | None,
        limit: int,
    ) -> Sequence[Operation]:
        """Answer entries, newest first. Raises StoreUnavailableError."""
        kinds = (type, state)
        found = await newest_listed(
            self.rpc, "operations", connection_id, kinds, by="started_at", limit=limit
        )
        return [versioned.value for versioned in self.listed(found)]


class FirestoreSends(FirestoreDocuments[SendEntry]):
    """Sends port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, SENDS, _send)

    async def conclude(
        self, was: Versioned[SendEntry], now: SendEntry, event: Event
    ) -> Versioned[SendEntry]:
        """Swap and write the event. Raises ConflictError, StoreUnavailableError."""
        writes = (self.change(was, now), FirestoreOutbox(self.rpc).creation(event))
        results = await self.rpc.commit(writes)
        return Versioned(now, version_of(results[0].update_time))

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Answer ids of unfinished entries that are due. Raises StoreUnavailableError."""
        found = await due_anywhere(self.rpc, "sends", now, limit)
        return [document.fields["id"].string_value for document in found]

    async def list(self, connection_id: ConnectionId, limit: int) -> Sequence[SendEntry]:
        """Answer a connection's entries, newest first. Raises StoreUnavailableError."""
        query = structured(
            "sends",
            (("connection_id", "==", connection_id),),
            (("created_at", "DESC"),),
            limit=limit,
        )
        return [versioned.value for versioned in self.listed(await self.rpc.query(query))]
