"""Clocks that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.adapters.system_clock import AdjustableClock

START = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
"""A moment that a store must keep to the microsecond."""


@dataclass
class ManualClock:
    """Time that moves only where a test moves it or somebody sleeps."""

    current: datetime = START
    slept: list[timedelta] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the time."""
        return self.current

    async def sleep(self, duration: timedelta) -> None:
        """Let it pass at once."""
        self.slept.append(duration)
        self.current += duration


class HurriedClock(AdjustableClock):
    """Real time in which waiting takes none."""

    async def sleep(self, duration: timedelta) -> None:
        """Move on at once."""
        self.advance(duration)


class StillClock(AdjustableClock):
    """Time that moves only where a test advances it, however slow the machine is."""

    def __init__(self) -> None:
        super().__init__()
        self._began = super().now()

    def now(self) -> datetime:
        """Return the time."""
        return self._began + self._offset


class SleptClock(StillClock):
    """Time that moves by what is slept and nothing else, until a test advances it."""

    async def sleep(self, duration: timedelta) -> None:
        """Move on at once."""
        self.advance(duration)
