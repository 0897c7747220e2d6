"""Outbox and Operations ports on Firestore."""

from collections.abc import Sequence
from datetime import datetime

from shared.adapters.document_codec import EVENTS, OPERATIONS
from shared.adapters.firestore_documents import Derived, FirestoreDocuments
from shared.adapters.firestore_listings import due_in_shard, listed_under, newest_listed
from shared.adapters.firestore_rpc import FirestoreRpc
from shared.adapters.firestore_values import moment_of, replacement
from shared.domain.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.ports.outbox import DueEvent


def _event(value: Event) -> Derived:
    return {
        "shard": value.shard,
        "due_at": value.next_attempt_at if value.state is EventState.PENDING else None,
        "listed_under": listed_under(value.id, value.connection_id, value.state.value),
    }


def _operation(value: Operation) -> Derived:
    kinds = (value.type.value, value.state.value)
    return {"listed_under": listed_under(value.id, value.connection_id, *kinds)}


class FirestoreOutbox(FirestoreDocuments[Event]):
    """Outbox port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, EVENTS, _event)

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[DueEvent]:
        """Answer due events of the shard. Raises StoreUnavailableError."""
        found = await due_in_shard(self.rpc, "events", shard, now, by="due_at", limit=limit)
        return [
            DueEvent(
                EventId(document.fields["id"].string_value),
                moment_of(document.fields["due_at"].timestamp_value),
            )
            for document in found
        ]

    async def list(
        self,
        *,
        state: EventState | None,
        connection_id: ConnectionId | None,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[Event]:
        """Answer events, newest first. Raises StoreUnavailableError."""
        found = await newest_listed(
            self.rpc,
            "events",
            connection_id,
            (state,),
            by="created_at",
            limit=limit,
            between=(since, until),
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
