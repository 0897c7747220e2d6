"""Time as a dependency, so that tests decide what time it is: now, waiting, trying again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Now, and waiting."""

    def now(self) -> datetime:
        """Return the current time, aware, UTC."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait for `duration` of this clock's time."""
        ...


@dataclass(frozen=True, slots=True)
class Retries:
    """A policy: one more attempt after each pause, where the error is one that may pass."""

    passing: type[Exception] | tuple[type[Exception], ...]
    pauses: tuple[timedelta, ...]

    async def run(self, attempt: Callable[[], Awaitable[T]], clock: Clock) -> T:
        """Return what `attempt` returns. Raise what will not pass, at last also what may."""
        for pause in self.pauses:
            try:
                return await attempt()
            except self.passing:
                await clock.sleep(pause * uniform(0.5, 1.5))  # noqa: S311  it spreads callers out
        return await attempt()
