"""Trying again what may pass, with jittered pauses on the injected clock."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from typing import TypeVar

from shared.ports.clock import Clock

T = TypeVar("T")


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
