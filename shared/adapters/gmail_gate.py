"""How many requests one mailbox gets at once: the limit is unpublished and shared (FACTS 1.8)."""

import asyncio
from types import TracebackType
from typing import Final

MOST_AT_ONCE: Final = 5
CALM_REQUESTS: Final = 40
"""Successes in a row, per turn, before one more request at once is tried again."""


class Gate:
    """A semaphore that halves when Gmail complains and widens again by one, slowly."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._turns = asyncio.Semaphore(most)
        self._owed = 0  # turns to swallow as they come back, after a narrowing
        self._calm = 0
        self.width = most
        self.inside = 0
        self.narrowings = 0
        """Noted before a request, so that one burst of complaints narrows once."""

    async def __aenter__(self) -> None:
        await self._turns.acquire()
        self.inside += 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.inside -= 1
        self._return_turn()

    def complained(self, narrowings: int) -> None:
        """Halve the width, unless that happened since `narrowings` was noted."""
        self._calm = 0
        if narrowings != self.narrowings or self.width == 1:
            return
        self.narrowings += 1
        self._owed += self.width - self.width // 2
        self.width //= 2

    def succeeded(self) -> None:
        """Count towards the next widening."""
        self._calm += 1
        if self.width < self._most and self._calm >= CALM_REQUESTS * self.width:
            self._calm = 0
            self.width += 1
            self._return_turn()

    def _return_turn(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            self._turns.release()
