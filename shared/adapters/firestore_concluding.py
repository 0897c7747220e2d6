"""Documents on Firestore whose end is told: the change and its event are one commit."""

from collections.abc import Callable
from typing import TypeVar

from shared.adapters.document_codec import Codec
from shared.adapters.firestore_documents import Derived, FirestoreDocuments
from shared.adapters.firestore_outbox import FirestoreOutbox
from shared.adapters.firestore_values import version_of
from shared.domain.event import Event
from shared.ports.versioned import Versioned

T = TypeVar("T")


class FirestoreConcluding(FirestoreDocuments[T]):
    """Documents that can be swapped together with an event."""

    def __init__(
        self, outbox: FirestoreOutbox, codec: Codec[T], derived: Callable[[T], Derived]
    ) -> None:
        super().__init__(outbox.rpc, codec, derived)
        self.outbox = outbox

    async def conclude(self, was: Versioned[T], now: T, event: Event) -> Versioned[T]:
        """Swap and write the event. Raises ConflictError, StoreUnavailableError."""
        results = await self.outbox.commit((self.change(was, now),), event)
        return Versioned(now, version_of(results[0].update_time))
