"""A process that can die at any await, before or after what it waits for."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from tests.chaos.await_points import ABOARD, Point

T = TypeVar("T")
Side = Literal["before", "after"]


class Killed(BaseException):
    """The process ends here: no clean-up, no answer, and no `except` of the sync catches it."""


@dataclass(frozen=True, slots=True, order=True)
class Death:
    """Where to die: at the `turn`-th time that this side of this point is reached."""

    point: Point
    side: Side
    turn: int = 1

    def __str__(self) -> str:
        return f"{self.side} {self.point}, turn {self.turn}"


@dataclass
class Life:
    """What one process does until it dies; once dead it passes no await any more.

    `death` names the place, `steps_left` counts any crossings: whichever is reached first.
    """

    death: Death | None = None
    steps_left: int | None = None
    crossed: Counter[tuple[Point, Side]] = field(default_factory=Counter)
    died_at: Death | None = None
    effects: Callable[[], Hashable] | None = None
    """Counts what was done so far, where that is asked."""
    left: dict[tuple[Point, Side], Hashable] = field(default_factory=dict)
    """What had been done when each was first crossed."""
    tasks: set[asyncio.Task[Any] | None] = field(default_factory=set)
    """Whoever crossed anything on its behalf."""

    async def before(self, point: Point) -> None:
        """Told when it is reached; nothing of it has happened yet."""
        self._cross(point, "before")

    async def after(self, point: Point) -> None:
        """Told once it has happened; nobody has seen the answer."""
        self._cross(point, "after")

    def _cross(self, point: Point, side: Side) -> None:
        if self.died_at is not None:
            raise Killed
        self.tasks.add(asyncio.current_task())
        self.crossed[point, side] += 1
        if self.effects is not None and (point, side) not in self.left:
            self.left[point, side] = self.effects()
        here = Death(point, side, self.crossed[point, side])
        if self.steps_left is not None:
            self.steps_left -= 1
        if here == self.death or self.steps_left == 0:
            self.died_at = here
            raise Killed

    async def run(self, work: Awaitable[T]) -> T | None:
        """Do the work; None where death came first. Whatever it had started dies too."""
        token = ABOARD.set(self)
        try:
            return await work
        except Killed:
            return None
        finally:
            ABOARD.reset(token)
            others = [task for task in self.tasks if task and task is not asyncio.current_task()]
            if self.died_at is not None and others:
                await asyncio.wait(others)
