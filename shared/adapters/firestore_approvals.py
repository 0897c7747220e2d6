"""Approvals port on Firestore."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.adapters.document_codec import APPROVALS
from shared.adapters.firestore_concluding import FirestoreConcluding
from shared.adapters.firestore_documents import Derived
from shared.adapters.firestore_listings import due_in_shard, listed_under, newest_listed
from shared.adapters.firestore_outbox import FirestoreOutbox
from shared.adapters.firestore_values import version_of
from shared.domain.approval import Approval, ApprovalState
from shared.domain.event import Event
from shared.domain.ids import ConnectionId
from shared.ports.versioned import Versioned


def _derived(value: Approval) -> Derived:
    return {
        "shard": value.shard,
        "due_at": value.next_due_at,
        "listed_under": listed_under(value.id, value.connection_id, value.state.value),
    }


class FirestoreApprovals(FirestoreConcluding[Approval]):
    """Approvals port."""

    def __init__(self, outbox: FirestoreOutbox) -> None:
        super().__init__(outbox, APPROVALS, _derived)

    async def open(self, value: Approval, event: Event) -> Versioned[Approval]:
        """Create it and write the event. Raises AlreadyExistsError, StoreUnavailableError."""
        results = await self.outbox.commit((self.creation(value),), event)
        return Versioned(value, version_of(results[0].update_time))

    async def due(self, shard: int, now: datetime, limit: int) -> Sequence[str]:
        """Answer ids of the shard's due approvals. Raises StoreUnavailableError."""
        found = await due_in_shard(self.rpc, "approvals", shard, now, by="due_at", limit=limit)
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
        """Answer approvals, newest first. Raises StoreUnavailableError."""
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
        return [versioned.value for versioned in self.listed(found)]
