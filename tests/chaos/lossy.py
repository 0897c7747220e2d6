"""Ports on a bad day: requests and answers get lost, others go first, time passes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from inspect import iscoroutinefunction
from random import Random
from typing import Any

from shared.errors import QueueUnavailableError, StoreUnavailableError

STALL = timedelta(minutes=2)
"""Longer than a claim: whoever sleeps so long wakes up beside a successor."""
STORES = frozenset({"connections", "grants", "sends", "bulk_sends"})


@dataclass
class Weather:
    """How bad the day is: chances for each call."""

    random: Random
    advance: Callable[[timedelta], None]
    lost: float = 0.0
    """Of a request or an answer of store or queue."""
    stalled: float = 0.0

    def over(self, port: Any, name: str) -> "Lossy":
        """Return the port in this weather."""
        return Lossy(port, name, self)

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self.lost = self.stalled = 0.0


class Lossy:
    """A port whose every asynchronous call is at the mercy of the weather."""

    def __init__(self, port: Any, name: str, weather: Weather) -> None:
        self._port = port
        self._name = name
        self._weather = weather

    def of(self, connection_id: str) -> "Lossy":
        return Lossy(self._port.of(connection_id), self._name, self._weather)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._battered(found) if iscoroutinefunction(found) else found

    def _battered(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def battered(*given: Any, **named: Any) -> Any:
            await self._others_first()
            self._may_be_lost()
            answer = await call(*given, **named)
            await self._others_first()
            self._may_be_lost()
            return answer

        return battered

    async def _others_first(self) -> None:
        weather = self._weather
        if weather.random.random() < weather.stalled:
            weather.advance(STALL)
        for _ in range(weather.random.randrange(4)):
            await asyncio.sleep(0)

    def _may_be_lost(self) -> None:
        if self._weather.random.random() >= self._weather.lost:
            return
        if self._name in STORES:
            raise StoreUnavailableError("lost")
        if self._name == "queue":
            raise QueueUnavailableError("lost")


@dataclass
class Script:
    """What goes wrong at which call: `port.method` -> errors, one a call, before or after it."""

    mishaps: dict[str, list[tuple[str, Exception]]]

    def over(self, port: Any, name: str) -> "Scripted":
        """Return the port under this script."""
        return Scripted(port, name, self)


class Scripted:
    """A port that raises what its script says."""

    def __init__(self, port: Any, name: str, script: Script) -> None:
        self._port = port
        self._name = name
        self._script = script

    def of(self, connection_id: str) -> "Scripted":
        return Scripted(self._port.of(connection_id), self._name, self._script)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        waiting = self._script.mishaps.get(f"{self._name}.{name}")
        if not waiting or not iscoroutinefunction(found):
            return found
        side, error = waiting.pop(0)

        async def failing(*given: Any, **named: Any) -> Any:
            if side == "after":
                await found(*given, **named)
            raise error

        return failing
