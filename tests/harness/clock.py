"""Clocks that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.adapters.system_clock import AdjustableClock

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


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
