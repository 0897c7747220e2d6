"""After a restore: erase again what was erased since the backup was made (design 5.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.ports.connections import Connections, Receipts
from shared.usecases.connect.disconnect import Disconnect, MoreToPurge

PAGE = 200
Erasures = Sequence[tuple[ConnectionId, datetime]]
"""Which connection was erased, and when."""


@dataclass(frozen=True, slots=True)
class ReplayErasures:
    """Runs over the restored store, before anything else does."""

    connections: Connections
    disconnect: Disconnect

    async def __call__(self, id: ConnectionId, erased_at: datetime) -> bool:
        """Disconnect what a backup brought back; False where nothing of that time is there.

        A connection that was made under the same id afterwards stays. Raises TransientError.
        """
        found = await self.connections.get(id)
        if found is None or found.value.created_at > erased_at:
            return False
        while isinstance(await self.disconnect(id, found.value.created_at), MoreToPurge):
            pass
        return True

    async def known_to(self, receipts: Receipts, left: Connections) -> Erasures:
        """Return the restored connections that the store that was left says are to be erased.

        By their receipts, or because they were being disconnected when it was left.
        """
        known: list[tuple[ConnectionId, datetime]] = []
        place = None
        while True:
            page, place = await self.connections.walk(place, PAGE)
            for one in page:
                receipt, was = await receipts.get(one.value.id), await left.get(one.value.id)
                if was is not None and was.value.status is ConnectionStatus.DISCONNECTING:
                    known.append((one.value.id, was.value.updated_at))
                elif receipt is not None:
                    known.append((one.value.id, receipt.value.accepted_at))
            if place is None:
                return known
