"""API keys, approvals and daily counts on Firestore."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.adapters.documents.codec import API_KEYS, APPROVALS, CONSOLE_SESSIONS
from shared.adapters.firestore.documents import Derived, FirestoreDocuments
from shared.adapters.firestore.events import FirestoreConcluding, FirestoreOutbox
from shared.adapters.firestore.queries import (
    Order,
    build_query,
    find_due,
    listed_under,
    newest_listed,
)
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import version_of
from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ApiKey
from shared.domain.keys.approval import Approval, ApprovalState
from shared.domain.keys.console_session import ConsoleSession
from shared.ports.documents import Versioned


def _derive(value: Approval) -> Derived:
    return {
        "shard": value.shard,
        "due_at": value.next_due_at,
        "listed_under": listed_under(value.id, value.connection_id, value.state.value),
    }


class FirestoreApprovals(FirestoreConcluding[Approval]):
    """Approvals port."""

    def __init__(self, outbox: FirestoreOutbox) -> None:
        super().__init__(outbox, APPROVALS, _derive)

    async def open(self, value: Approval, event: Event) -> Versioned[Approval]:
        """Create it and write the event. Raises AlreadyExistsError, StoreUnavailableError."""
        results = await self.outbox.commit((self.creation(value),), event)
        return Versioned(value, version_of(results[0].update_time))

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of due approvals. Raises StoreUnavailableError."""
        found = await find_due(self.rpc, "approvals", now, by="due_at", limit=limit)
        return [document.fields["id"].string_value for document in found]

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        state: ApprovalState | None,
        limit: int,
        until: datetime | None = None,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Approval]:
        """Return approvals, newest first. Raises StoreUnavailableError."""
        found = await newest_listed(
            self.rpc,
            "approvals",
            connection_id,
            (state,),
            by="created_at",
            limit=limit,
            between=(None, until),
            among=among,
        )
        return [versioned.value for versioned in self.load_documents(found)]


class FirestoreApiKeys(FirestoreDocuments[ApiKey]):
    """ApiKeys port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, API_KEYS)

    async def list(self, limit: int) -> Sequence[ApiKey]:
        """Return keys, newest first. Raises StoreUnavailableError."""
        order: tuple[Order, ...] = (("created_at", "DESC"),)
        query = build_query(API_KEYS.collection, order=order, limit=limit)
        return [versioned.value for versioned in self.load_documents(await self.rpc.query(query))]

    async def children(self, parent: str, limit: int) -> Sequence[ApiKey]:
        """Return keys that this one made. Raises StoreUnavailableError."""
        query = build_query(API_KEYS.collection, (("parent", "==", parent),), limit=limit)
        return [versioned.value for versioned in self.load_documents(await self.rpc.query(query))]


class FirestoreConsoleSessions(FirestoreDocuments[ConsoleSession]):
    """ConsoleSessions port."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        super().__init__(rpc, CONSOLE_SESSIONS)

    async def list(self, limit: int) -> Sequence[ConsoleSession]:
        """Return sessions, newest first. Raises StoreUnavailableError."""
        order: tuple[Order, ...] = (("created_at", "DESC"),)
        query = build_query(CONSOLE_SESSIONS.collection, order=order, limit=limit)
        return [versioned.value for versioned in self.load_documents(await self.rpc.query(query))]
