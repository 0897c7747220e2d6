"""Documents on Firestore whose end is told: the change and its event are one commit."""

from typing import TypeVar

from shared.adapters.firestore_documents import FirestoreDocuments
from shared.adapters.firestore_outbox import FirestoreOutbox
from shared.adapters.firestore_values import version_of
from shared.domain.event import Event
from shared.ports.versioned import Versioned

T = TypeVar("T")


class FirestoreConcluding(FirestoreDocuments[T]):
    """Documents that can be swapped together with an event."""

    async def conclude(self, was: Versioned[T], now: T, event: Event) -> Versioned[T]:
        """Swap and write the event. Raises ConflictError, StoreUnavailableError."""
        writes = (self.change(was, now), FirestoreOutbox(self.rpc).creation(event))
        results = await self.rpc.commit(writes)
        return Versioned(now, version_of(results[0].update_time))
