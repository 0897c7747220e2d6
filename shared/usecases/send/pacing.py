"""How fast a bulk may go: Gmail's units for one Google user (FACTS 1.1, 1.3)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.domain.bounded import BoundedMap
from shared.domain.ids import ConnectionId
from shared.domain.send.entry import DeliveryMode
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.state import SyncStatus
from shared.ports.clock import Clock
from shared.ports.connections import Connections, GoogleUsers
from shared.ports.sync_store import SyncStates
from shared.usecases.sync.work.pace import MOST_PACES, SHARE, TokenBucket, has_bulk_work

SEND_UNITS: Final = {DeliveryMode.EXACTLY_ONCE: 110, DeliveryMode.DIRECT: 100}
"""drafts.create 10 and drafts.send 100; messages.send 100."""
COPY_UNITS: Final = 46
"""What a sync spends on each message sent: its copy, mostly its draft too, and the history."""
WHOLE_SHARE: Final = 0.985
"""Of the allowance, where nothing else of this user has much to read."""
BUSY_SHARE: Final = 1 - SHARE
"""Where a backfill has its share (DESIGN 4.8)."""
CATCH_UP: Final = timedelta(seconds=1)
"""Time lost to slow answers that may be made up for."""


@dataclass(frozen=True, slots=True)
class SendPaces:
    """The governor's side of sending: one bucket a connection in this process."""

    connections: Connections
    google_users: GoogleUsers
    states: SyncStates
    clock: Clock
    units_per_minute: UnitsPerMinute
    paces: BoundedMap[ConnectionId, TokenBucket] = field(
        default_factory=lambda: BoundedMap(MOST_PACES)
    )

    async def admit(self, connection_id: ConnectionId) -> datetime | None:
        """Set the pace of a connection's bulk; return until when it must wait, if it must."""
        found = await self.connections.get(connection_id)
        user = await self.google_users.get(found.value.sub) if found else None
        if user is None:
            return None
        until = user.value.rate_limited_until
        if until is not None and self.clock.now() < until:
            return until
        states = [await self.states.get(one) for one in user.value.connections]
        reading = any(state is not None and has_bulk_work(state.value) for state in states)
        share = BUSY_SHARE if reading else WHOLE_SHARE
        self.pace(connection_id).units_per_minute = self.units_per_minute * share
        return None

    def pace(self, connection_id: ConnectionId) -> TokenBucket:
        """Return the connection's bucket."""
        whole = self.units_per_minute * WHOLE_SHARE
        pace = self.paces.get(connection_id) or TokenBucket(
            self.clock, whole, share=1, saved=CATCH_UP
        )
        self.paces[connection_id] = pace
        return pace

    def within(self, duration: timedelta, connection_id: ConnectionId) -> int:
        """Return how many messages the pace allows in that time: at least one."""
        units = self.pace(connection_id).units_per_minute * (duration / timedelta(minutes=1))
        return max(1, int(units / units_of(DeliveryMode.EXACTLY_ONCE, copied=False)))

    async def fetches_copy(self, connection_id: ConnectionId) -> bool:
        """Whether a sync fetches a copy of what the connection sends."""
        state = await self.states.get(connection_id)
        running = state is not None and state.value.status is SyncStatus.RUNNING
        return running and state is not None and state.value.checkpoint is not None


def units_of(mode: DeliveryMode, *, copied: bool) -> int:
    """Return what one message costs."""
    return SEND_UNITS[mode] + (COPY_UNITS if copied else 0)
