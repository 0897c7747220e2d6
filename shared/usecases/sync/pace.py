"""Pacing by Gmail's quota: units per Google user and minute (FACTS 1.1, 1.3).

The bucket lives in one worker's memory, because one worker holds the lease. It spends 80 % of the
allowance; the rest is reserve for sends, actions and agents, which other instances spend.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from shared.ports.clock import Clock

T = TypeVar("T")
SHARE = 0.8
BURST = timedelta(seconds=12.5)
"""What an idle bucket has saved up: with it, a minute's spending stays below the allowance, and
the newest messages of a mailbox just connected are there at once."""
IN_FLIGHT = 5
"""Requests at once per mailbox: its limit is unpublished and shared by every app (FACTS 1.8)."""


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
class Pace:
    """A token bucket that lends: a call may go ahead and the next one waits."""

    clock: Clock
    units_per_minute: float
    spent: int = 0
    _ready_at: datetime | None = None

    async def spend(self, units: int, *, urgent: bool = False) -> None:
        """Account for a call; waits for its turn unless live mail depends on it."""
        self.spent += units
        now = self.clock.now()
        cost = timedelta(minutes=units / (self.units_per_minute * SHARE))
        ready = max(self._ready_at or now - BURST, now - BURST)
        self._ready_at = ready + cost
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
