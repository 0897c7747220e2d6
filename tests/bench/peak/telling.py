"""How events reach their receivers: within the push that found them, and after it by the queues.

The places, pauses and schedules are the product's own code, on the model's clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import simpy

from shared.adapters.sinks.webhook import TIMEOUT_S
from shared.domain.events.delivery import Attempted, Failure, after
from shared.domain.events.event import Delivery, DeliveryState
from shared.ports.sinks import Receiver
from shared.usecases.events.first_attempt import LEFT_ALONE, LONGEST_WAIT, OUT_OF_TIME
from shared.usecases.events.places import Place, Places
from tests.bench.peak.resources import Line, Pool, Process, Returning

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
TOOK = Attempted(status=200)
HUNG = Attempted(Failure.TIMEOUT)


@dataclass(frozen=True)
class SimulatedClock:
    """Clock port over the model's seconds."""

    env: simpy.Environment

    def now(self) -> datetime:
        """Return the moment."""
        return BEGAN + timedelta(seconds=self.env.now)

    async def sleep(self, duration: timedelta) -> None:
        """Refuse: the model's processes wait by themselves."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class News:
    """An event of a mailbox, when what it reports arrived, and whether its lag is looked at."""

    mailbox: int
    receiver: int
    arrived_s: float
    counted: bool


@dataclass(eq=False)
class Telling:
    """Every receiver, and the instances of the two functions that ask it.

    `hangs` says whether a receiver never answers; the others take `receiver_s`.
    """

    env: simpy.Environment
    push: Pool
    deliver: Pool
    events: Line
    retries: Line
    hangs: Callable[[int], bool]
    receiver_s: float
    store_s: float
    cpu_s: float
    random: Random
    told_s: list[float] = field(default_factory=list)
    """From arrival to a receiver that answers."""
    asked_in_vain: int = 0
    _pushing: list[Places] = field(default_factory=list)
    _delivering: list[Places] = field(default_factory=list)
    _slow: dict[tuple[int, int], datetime] = field(default_factory=dict)
    _deferred: dict[int, datetime] = field(default_factory=dict)
    """As the store has it, for every instance."""
    _open: set[int] = field(default_factory=set)
    """Mailboxes with an event that no attempt has claimed: later news joins it."""

    def __post_init__(self) -> None:
        self.clock = SimulatedClock(self.env)

    def first(self, news: News) -> Process:
        """Make the first attempt within a push that holds its place; leave the rest to a queue."""
        mailbox, receiver = news.mailbox, news.receiver
        if mailbox in self._open:
            return
        instance, places = self._instance(self._pushing, self.push)
        now = self.clock.now()
        if self._slow.get((instance, receiver), now) > now or self._waits(places, receiver):
            self._leave(news, self.events)
            return
        place = self._take(places, receiver)
        if place is None:
            turn = places.turn(_receiver(receiver))
            yield self.env.timeout(self.store_s)
            self._leave(news, self.retries, turn)
            return
        if self.hangs(receiver):
            yield self.env.timeout(LONGEST_WAIT.total_seconds())
            self._slow[instance, receiver] = self.clock.now() + LEFT_ALONE
            places.leave(place, OUT_OF_TIME)
            self._leave(news, self.retries)
        else:
            yield self.env.timeout(self.receiver_s)
            places.leave(place, TOOK)
            self._note(news)
        yield self.env.timeout(self.store_s)

    def later(self, news: News) -> None:
        """Leave an event to the queue, where none of its mailbox waits that it may join."""
        if news.mailbox not in self._open:
            self._leave(news, self.events)

    def _leave(self, news: News, line: Line, at: datetime | None = None) -> None:
        self._open.add(news.mailbox)
        self.env.process(self._queued(news, line, at))

    def _note(self, news: News) -> None:
        if news.counted:
            self.told_s.append(self.env.now - news.arrived_s)

    def _queued(self, news: News, line: Line, at: datetime | None) -> Process:
        """Deliver by tasks until the receiver has it, or the event is dead."""
        made: Delivery | None = None
        while made is None or made.state is DeliveryState.WAITING:
            if at is not None:
                yield self.env.timeout(max(0.0, (at - self.clock.now()).total_seconds()))
            yield from line.dispatch()
            yield from self.deliver.enter()
            yield from self.deliver.compute(self.cpu_s)
            yield self.env.timeout(2 * self.store_s)
            at, attempted = yield from self._attempt(news)
            self.deliver.places.give()
            line.running.give()
            line = self.retries
            if attempted is not None:
                made = after(made, attempted, self.clock.now())
                at = made.next_attempt_at
                if made.state is DeliveryState.DELIVERED:
                    self._note(news)
        self._open.discard(news.mailbox)

    def _attempt(self, news: News) -> Returning[tuple[datetime | None, Attempted | None]]:
        """Return when to come again, or what the attempt came to."""
        receiver = news.receiver
        _, places = self._instance(self._delivering, self.deliver)
        if until := self._waits(places, receiver):
            yield self.env.timeout(self.store_s)
            return until, None
        place = self._take(places, receiver)
        if place is None:
            return places.turn(_receiver(receiver)), None
        self._open.discard(news.mailbox)
        yield self.env.timeout(self.store_s)
        hangs = self.hangs(receiver)
        yield self.env.timeout(TIMEOUT_S if hangs else self.receiver_s)
        places.leave(place, HUNG if hangs else TOOK)
        self.asked_in_vain += hangs
        if until := places.waits_until(_receiver(receiver).address):
            self._deferred[receiver] = until
        yield self.env.timeout(2 * self.store_s)
        return None, HUNG if hangs else TOOK

    def _waits(self, places: Places, receiver: int) -> datetime | None:
        now, here = self.clock.now(), places.waits_until(_receiver(receiver).address)
        stored = self._deferred.get(receiver)
        known = [one for one in (here, stored) if one is not None and one > now]
        return max(known, default=None)

    def _take(self, places: Places, receiver: int) -> Place | None:
        return places.take({"": _receiver(receiver)}).get("")

    def _instance(self, known: list[Places], pool: Pool) -> tuple[int, Places]:
        """Return any instance of a function, and what it remembers of receivers."""
        while len(known) < pool.instances:
            known.append(Places(self.clock))
        chosen = self.random.randrange(pool.instances)
        return chosen, known[chosen]


@cache
def _receiver(number: int) -> Receiver:
    return Receiver("override", f"https://customer-{number}.example/hook")
