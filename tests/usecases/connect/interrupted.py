"""Ports that die at a chosen call: before it took effect, or after."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import Any


class Crash(BaseException):
    """The instance died here; nothing of it runs on, not even its error handling."""


@dataclass
class Bomb:
    """Counts calls and dies at number `at`; None lets everything through."""

    at: int | None = None
    after: bool = False
    calls: list[str] = field(default_factory=list)

    def strikes(self) -> bool:
        return self.at is not None and len(self.calls) == self.at


def representatives(calls: Sequence[str]) -> list[int]:
    """Return the numbers of the calls that write, and of the first of each that only reads."""
    return [
        number
        for number, call in enumerate(calls, start=1)
        if not call.endswith(".get") or call not in calls[: number - 1]
    ]


class Interrupted:
    """A port whose every asynchronous call passes by the bomb."""

    def __init__(self, port: Any, name: str, bomb: Bomb) -> None:
        self._port = port
        self._name = name
        self._bomb = bomb

    def of(self, connection_id: str) -> "Interrupted":
        return Interrupted(self._port.of(connection_id), self._name, self._bomb)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._guarded(name, found) if iscoroutinefunction(found) else found

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        async def guarded(*given: Any, **named: Any) -> Any:
            bomb = self._bomb
            bomb.calls.append(f"{self._name}.{name}")
            if bomb.strikes() and not bomb.after:
                raise Crash
            answer = await call(*given, **named)
            if bomb.strikes():
                raise Crash
            return answer

        return guarded
