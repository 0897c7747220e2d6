"""The emulator's time: real time plus an offset that only the control API moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Wall-clock time that can be pushed forward, so that a week passes in a test.

    Everything in the emulated Google that expires, ages or retries asks this clock.
    """

    def __init__(self) -> None:
        self._offset = timedelta()
        self.on_advance: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Return the emulator's time as an aware UTC datetime."""
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far the emulator's time runs ahead of the machine's."""
        return self._offset

    def advance(self, seconds: float) -> None:
        """Move time forward and wake each task that waits for a moment that may have come.

        Raises ValueError for a negative step: expired grants would come back to life.
        """
        if seconds < 0:
            msg = "time only moves forward"
            raise ValueError(msg)
        self._offset += timedelta(seconds=seconds)
        for listener in self.on_advance:
            listener()
