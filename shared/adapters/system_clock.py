"""The machine's clock, and one that the laptop's runner can push forward."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Clock port over the machine's own time."""

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""
        return datetime.now(UTC)

    async def sleep(self, duration: timedelta) -> None:
        """Wait for `duration` of real time."""
        await asyncio.sleep(max(0.0, duration.total_seconds()))


class AdjustableClock:
    """Clock port over real time plus an offset, so that a week passes within a test.

    Advancing wakes every sleeper whose moment has come and calls each of `on_advance`.
    """

    def __init__(self) -> None:
        self._offset = timedelta()
        self._advanced = asyncio.Event()
        self.on_advance: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Return real time plus the offset, aware, UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, step: timedelta) -> None:
        """Move time forward. Raises ValueError for a step back: dead leases would live again."""
        if step < timedelta():
            raise ValueError("Time only moves forward.")
        self._offset += step
        advanced, self._advanced = self._advanced, asyncio.Event()
        advanced.set()
        for listener in self.on_advance:
            listener()

    async def sleep(self, duration: timedelta) -> None:
        """Wait for `duration` of this clock's time."""
        await self.sleep_until(self.now() + duration)

    async def sleep_until(self, moment: datetime) -> None:
        """Wait until this clock shows `moment`."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._advanced.wait()
            except TimeoutError:
                continue
        await asyncio.sleep(0)
