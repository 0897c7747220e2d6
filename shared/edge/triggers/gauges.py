"""What is looked up rather than counted: how much waits, is overdue or was given up, now.

Each look is bounded, so it costs the same for ten connections and for ten thousand.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.events.event import EventState
from shared.domain.ids import SHARDS
from shared.domain.send.entry import SendState

if TYPE_CHECKING:
    from shared.edge.composition.container import Wiring
    from shared.ports.telemetry import Telemetry

OVERDUE = timedelta(minutes=5)
RENEWAL_LATE = timedelta(hours=6)
MOST = 100


async def look(wiring: "Wiring", telemetry: "Telemetry") -> None:
    """Set every gauge. Raises StoreUnavailableError."""
    store, now = wiring.store, wiring.clock.now()
    due = [store.sync_states.due(shard, now - OVERDUE, 1) for shard in range(SHARDS)]
    events = [store.outbox.due(shard, now - OVERDUE, 1) for shard in range(SHARDS)]
    telemetry.gauge("postroom.syncs.overdue", sum(map(len, await asyncio.gather(*due))))
    telemetry.gauge("postroom.events.overdue", sum(map(len, await asyncio.gather(*events))))
    watches = await store.mailboxes.renewable(now - RENEWAL_LATE, MOST)
    telemetry.gauge("postroom.watches.overdue", len(watches))
    dead = await store.outbox.list(state=EventState.DEAD, connection_id=None, limit=MOST)
    telemetry.gauge("postroom.events.dead", len(dead))
    unknown = await store.sends.list(None, MOST, state=SendState.UNKNOWN)
    telemetry.gauge("postroom.sends.unknown", len(unknown))
