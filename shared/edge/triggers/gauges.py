"""What is looked up rather than counted: how much waits, is overdue or was given up, now.

Each look is bounded, so it costs the same for ten connections and for ten thousand.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.events.event import EventState
from shared.domain.send.entry import SendState
from shared.ports.clock import Clock
from shared.ports.connections import Mailboxes
from shared.ports.events import Outbox
from shared.ports.sends import Sends
from shared.ports.sync_store import SyncStates
from shared.ports.telemetry import Telemetry

OVERDUE = timedelta(minutes=5)
RENEWAL_LATE = timedelta(hours=6)
MOST = 100


@dataclass(frozen=True, slots=True)
class MeasureBacklog:
    """Sets every gauge; without telemetry nothing is looked up."""

    states: SyncStates
    outbox: Outbox
    mailboxes: Mailboxes
    sends: Sends
    telemetry: Telemetry
    clock: Clock

    async def __call__(self) -> None:
        """Raise StoreUnavailableError."""
        if not self.telemetry.enabled:
            return
        gauge, now = self.telemetry.gauge, self.clock.now()
        syncs = await self.states.due(now - OVERDUE, MOST)
        gauge("postroom.syncs.overdue", len(syncs))
        events = await self.outbox.due(now - OVERDUE, MOST)
        gauge("postroom.events.overdue", len(events))
        watches = await self.mailboxes.renewable(now - RENEWAL_LATE, MOST)
        gauge("postroom.watches.overdue", len(watches))
        dead = await self.outbox.list(state=EventState.DEAD, connection_id=None, limit=MOST)
        gauge("postroom.events.dead", len(dead))
        unknown = await self.sends.list(None, MOST, state=SendState.UNKNOWN)
        gauge("postroom.sends.unknown", len(unknown))
