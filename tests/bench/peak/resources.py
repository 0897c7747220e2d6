"""What jobs wait for: instances that come and go, queues with a rate, units of quota."""

import heapq
import itertools
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import simpy

T = TypeVar("T")
Returning = Generator[simpy.Event, Any, T]
Process = Returning[None]
LOOK_EVERY_S = 2.0
"""How often the platform decides how many instances there should be."""
BUSY_SHARE = 0.6
"""Cloud Run adds instances to keep CPU and concurrency at about this share."""
IDLE_LOOKS = 30
"""An instance goes when it has been one too many for so many looks."""
REFILL_S = 0.1


class Tokens:
    """A number of equal places that may grow and shrink while some are taken."""

    def __init__(self, env: simpy.Environment, count: int) -> None:
        self._free = simpy.Container(env, init=count)
        self._owed = 0
        self.taken = 0

    def take(self) -> simpy.Event:
        """Return an event that comes when a place is ours."""
        self.taken += 1
        return self._free.get(1)

    def give(self) -> None:
        """Give a place back, or give it up if there are too many."""
        self.taken -= 1
        if self._owed:
            self._owed -= 1
        else:
            self._free.put(1)

    def resize(self, by: int) -> None:
        """Add places, or take some away as they become free."""
        if by > 0:
            self._free.put(by)
        else:
            self._owed -= by


@dataclass
class Pool:
    """A function's instances: each one CPU and `concurrency` requests at once."""

    env: simpy.Environment
    name: str
    concurrency: int
    most: int
    start_s: float
    instances: int = 1
    busy_s: float = 0.0
    waited_s: list[float] = field(default_factory=list)
    needs: list[float] = field(default_factory=list)
    """How many instances the work asked for at each look, in parts of one."""

    def __post_init__(self) -> None:
        self.cpus = Tokens(self.env, self.instances)
        self.places = Tokens(self.env, self.instances * self.concurrency)
        self.env.process(self._scale())

    def compute(self, seconds: float, *, slice_s: float | None = None) -> Process:
        """Hold one CPU for so long; a thread beside the event loop gives it up at each slice."""
        while seconds > 0:
            held = min(seconds, slice_s or seconds)
            yield self.cpus.take()
            yield self.env.timeout(held)
            self.cpus.give()
            self.busy_s += held
            seconds -= held

    def enter(self) -> Process:
        """Wait for a place on an instance; leave with `places.give`."""
        asked = self.env.now
        yield self.places.take()
        self.waited_s.append(self.env.now - asked)

    def _scale(self) -> Process:
        spare, seen = 0, 0.0
        while True:
            yield self.env.timeout(LOOK_EVERY_S)
            used, seen = (self.busy_s - seen) / LOOK_EVERY_S, self.busy_s
            need = max(used, self.places.taken / self.concurrency) / BUSY_SHARE
            self.needs.append(need)
            wanted = min(self.most, max(1, round(need + 0.5)))
            spare = spare + 1 if wanted < self.instances else 0
            if wanted > self.instances:
                self.env.process(self._start(wanted - self.instances))
                self.instances = wanted
            elif spare > IDLE_LOOKS:
                self._grow(-1)
                self.instances -= 1
                spare = 0

    def _start(self, count: int) -> Process:
        yield self.env.timeout(self.start_s)
        self._grow(count)

    def _grow(self, by: int) -> None:
        self.cpus.resize(by)
        self.places.resize(by * self.concurrency)


class Line:
    """A task queue: so many dispatches a second, so many at once (FACTS 8.10)."""

    def __init__(self, env: simpy.Environment, per_second: float, at_once: int) -> None:
        self.env, self.per_second = env, per_second
        self.running = Tokens(env, at_once)
        self.free_at = 0.0
        self.waited_s: list[float] = []

    @property
    def behind_s(self) -> float:
        """How long one who joins now waits for the rate alone."""
        return max(0.0, self.free_at - self.env.now)

    def dispatch(self) -> Process:
        """Wait for one's turn; leave with `running.give`."""
        asked = self.env.now
        self.free_at = max(self.free_at, asked) + 1 / self.per_second
        yield self.env.timeout(max(0.0, self.free_at - 1 / self.per_second - asked))
        yield self.running.take()
        self.waited_s.append(self.env.now - asked)


class Quota:
    """The project's units a minute; what is urgent is served first, as the governor does."""

    def __init__(self, env: simpy.Environment, per_minute: float) -> None:
        self.env, self.per_s = env, per_minute / 60
        self.level = per_minute
        self.spent = 0.0
        self._waiting: list[tuple[int, int, float, simpy.Event]] = []
        self._order = itertools.count()
        env.process(self._refill())

    def take(self, units: float, urgency: int) -> simpy.Event:
        """Return an event that comes when the units may be spent; urgency 0 goes first."""
        granted = self.env.event()
        heapq.heappush(self._waiting, (urgency, next(self._order), units, granted))
        self._grant()
        return granted

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def _refill(self) -> Process:
        while True:
            yield self.env.timeout(REFILL_S)
            self.level = min(self.per_s * 60, self.level + self.per_s * REFILL_S)
            self._grant()

    def _grant(self) -> None:
        while self._waiting and self._waiting[0][2] <= self.level:
            _, _, units, granted = heapq.heappop(self._waiting)
            self.level -= units
            self.spent += units
            granted.succeed()
