"""Pacing by Gmail's quota: units per Google user and minute (FACTS 1.1, 1.3).

The bucket lives in one worker's memory, because one worker holds the lease. It spends 80 % of the
allowance; the rest is reserve for sends, actions and agents, which other instances spend.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.bounded import BoundedMap
from shared.domain.ids import ConnectionId, GoogleSub
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.state import SyncState
from shared.errors import ConflictError, CorruptStateError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, GoogleUsers
from shared.ports.sync_store import SyncStates

T = TypeVar("T")
SHARE = 0.8
BURST = timedelta(seconds=12.5)
"""What an idle bucket has saved up: with it, a minute's spending stays below the allowance, and
the newest messages of a mailbox just connected are there at once."""
IN_FLIGHT = 5
"""Requests at once per mailbox: its limit is unpublished and shared by every app (FACTS 1.8)."""
HURRIED_IN_FLIGHT = 10
"""The most that was seen to be safe, for the half second in which a mailbox's newest mail comes."""


class Units:
    """Quota units of the calls a sync makes (FACTS 1.3)."""

    PROFILE = 1
    LABELS = 1
    HISTORY = 2
    LIST = 5
    MESSAGE = 20
    THREAD = 40
    ATTACHMENT = 40
    """The message once more, then attachments.get."""
    WATCH = 100


@dataclass(slots=True)
class TokenBucket:
    """A token bucket that lends: a call may go ahead and the next one waits.

    `saved` is what it has while idle, as the time in which it would fill.
    """

    clock: Clock
    units_per_minute: float
    share: float = SHARE
    saved: timedelta = BURST
    spent: int = 0
    _ready_at: datetime | None = None

    def time_of(self, units: int) -> timedelta:
        """Return how long so many units take to accrue."""
        return timedelta(minutes=units / (self.units_per_minute * self.share))

    async def spend(self, units: int, *, urgent: bool = False) -> None:
        """Account for a call; waits for its turn unless live mail depends on it."""
        self.spent += units
        now = self.clock.now()
        ready = max(self._ready_at or now - self.saved, now - self.saved)
        self._ready_at = ready + self.time_of(units)
        if not urgent and ready > now:
            await self.clock.sleep(ready - now)

    async def run(self, units: int, call: Awaitable[T], *, urgent: bool = False) -> T:
        """Spend, then make the call."""
        try:
            await self.spend(units, urgent=urgent)
        except BaseException:
            if asyncio.iscoroutine(call):
                call.close()
            raise
        return await call


MOST_PACES = 2_000
"""Buckets kept in one process; the oldest go first, and a new one starts saved up."""


@dataclass(frozen=True, slots=True)
class QuotaGovernor:
    """Hands out paces and remembers refusals for every instance to see."""

    connections: Connections
    google_users: GoogleUsers
    states: SyncStates
    clock: Clock
    units_per_minute: UnitsPerMinute
    paces: BoundedMap[ConnectionId, TokenBucket] = field(
        default_factory=lambda: BoundedMap(MOST_PACES)
    )

    def pace(self, connection_id: ConnectionId) -> TokenBucket:
        """Return the connection's bucket in this process."""
        pace = self.paces.get(connection_id) or TokenBucket(self.clock, self.units_per_minute)
        self.paces[connection_id] = pace
        return pace

    async def admit(self, connection_id: ConnectionId) -> datetime | None:
        """Set the pace of bulk work; return until when it must wait, if it must.

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
            return False  # It does not sync, and stops no other.
        return state is not None and has_bulk_work(state.value)

    async def record_refusal(self, connection_id: ConnectionId, until: datetime) -> None:
        """Tell every instance that Google asked this user to wait; last writer wins."""
        sub = await self._sub(connection_id)
        user = await self.google_users.get(sub) if sub else None
        if user is None:
            return
        try:
            await self.google_users.swap(user, replace(user.value, rate_limited_until=until))
        except ConflictError:
            return  # Another joined, left or was refused at the same moment: only advice is lost.

    async def _sub(self, connection_id: ConnectionId) -> GoogleSub | None:
        found = await self.connections.get(connection_id)
        return found.value.sub if found else None


def has_bulk_work(state: SyncState) -> bool:
    """Whether a connection has much to read."""
    return state.backfilling or state.recovering_since is not None or state.auditing
