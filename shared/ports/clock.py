"""Time as a dependency, so that tests decide what time it is."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Now, and waiting."""

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait for `duration` of this clock's time."""
        ...
