"""After a restore: erase again what was erased since the backup was made (design 5.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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

    async def known_to(self, receipts: Receipts) -> Erasures:
        """Return the restored connections that another store's receipts say were erased."""
        known: list[tuple[ConnectionId, datetime]] = []
        place = None
        while True:
            page, place = await self.connections.walk(place, PAGE)
            found = [await receipts.get(one.value.id) for one in page]
            known += [(one.value.connection_id, one.value.accepted_at) for one in found if one]
            if place is None:
                return known
