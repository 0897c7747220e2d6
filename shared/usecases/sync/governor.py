"""Who may spend how much of a Google user's quota (DESIGN 4, FACTS 1.1, 1.5).

The allowance is per Google user and minute. Live mail goes ahead at once; bulk work is paced to
80 % of it, shared by all of that user's connections that have bulk work now.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.ids import ConnectionId, GoogleSub
from shared.domain.sync_state import SyncState
from shared.errors import ConflictError, CorruptStateError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, GoogleUsers
from shared.ports.sync_store import SyncStates
from shared.usecases.sync.pace import Pace

MOST_PACES = 2_000
"""Buckets kept in one process; the oldest go first, and a new one starts saved up."""


@dataclass(frozen=True, slots=True)
class Governor:
    """Hands out paces and remembers refusals for every instance to see."""

    connections: Connections
    google_users: GoogleUsers
    states: SyncStates
    clock: Clock
    units_per_minute: int
    paces: dict[ConnectionId, Pace] = field(default_factory=dict)

    def pace(self, connection_id: ConnectionId) -> Pace:
        """Answer the connection's bucket in this process."""
        pace = self.paces.pop(connection_id, None) or Pace(self.clock, self.units_per_minute)
        self.paces[connection_id] = pace
        if len(self.paces) > MOST_PACES:
            del self.paces[next(iter(self.paces))]
        return pace

    async def admit(self, connection_id: ConnectionId) -> datetime | None:
        """Set the pace of bulk work; answer until when it must wait, if it must.

        Two to three reads: asked once a run, and only where there is bulk work.
        """
        sub = await self._sub(connection_id)
        user = await self.google_users.get(sub) if sub else None
        if user is None:
            return None
        until = user.value.rate_limited_until
        if until is not None and self.clock.now() < until:
            return until
        others = user.value.connections - {connection_id}
        busy = 1 + sum([await self._has_bulk_work(other) for other in others])
        self.pace(connection_id).units_per_minute = self.units_per_minute / busy
        return None

    async def _has_bulk_work(self, connection_id: ConnectionId) -> bool:
        try:
            state = await self.states.get(connection_id)
        except CorruptStateError:
            return False  # It does not sync, and stops nobody else.
        return state is not None and has_bulk_work(state.value)

    async def refused(self, connection_id: ConnectionId, until: datetime) -> None:
        """Tell every instance that Google asked this user to wait; last writer wins."""
        sub = await self._sub(connection_id)
        user = await self.google_users.get(sub) if sub else None
        if user is None:
            return
        try:
            await self.google_users.swap(user, replace(user.value, rate_limited_until=until))
        except ConflictError:
            return  # Somebody joined, left or was refused at the same moment: only advice is lost.

    async def _sub(self, connection_id: ConnectionId) -> GoogleSub | None:
        found = await self.connections.get(connection_id)
        return found.value.sub if found else None


def has_bulk_work(state: SyncState) -> bool:
    """Whether a connection has much to read."""
    return state.backfilling or state.recovering_since is not None or state.auditing
