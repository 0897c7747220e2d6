"""A random walk: the owner, the product, the network and the processes do as they please."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from shared.domain.events.event import EventState
from shared.domain.ids import HistoryId
from shared.domain.sync.state import SyncStatus
from shared.errors import TransientError
from tests.chaos.await_points import Point
from tests.chaos.harness import ChaosHarness
from tests.chaos.lives import Life
from tests.chaos.oracle import Oracle
from tests.chaos.walk_owner import OwnerSteps
from tests.harness.google import EMAIL
from tests.harness.syncing import BUDGET, CONNECTION

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SHORT_LIVED = {"index_lag": MINUTE, "fresh_404": 3 * SECOND}
"""What passes by itself at Gmail, and how soon (FACTS 3.6); longer is what an audit is for."""
CALL_FAULTS = (
    *("index_lag", "fresh_404") * 3,
    "history_expired",
    "page_without_history",
    "status_403_rate",
    "status_429",
    "status_429_long",
    "status_500",
    "status_503",
    "too_many_concurrent",
    "drop_response",
    "drop_request",
    "watch_conflict",
)
GRANT_FAULTS = ("grant_revoked", "invalid_rapt")
NOBODY = "nobody@x.example"
WRITES = ("commit", "swap", "get", "enqueue")

Work = Callable[[], Awaitable[object]]


@dataclass
class Stalled(Life):
    """A process that stops at some await, alive, until somebody lets it go on."""

    stops_after: int = 0
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    dies_there: bool = False

    async def before(self, point: Point) -> None:
        """Stop here if it is the place."""
        await self._maybe_stop()
        await super().before(point)

    async def after(self, point: Point) -> None:
        """Stop here if it is the place."""
        await self._maybe_stop()
        await super().after(point)

    async def _maybe_stop(self) -> None:
        self.stops_after -= 1
        if self.stops_after == 0:
            self.stopped.set()
            await self.may_go_on.wait()
            if self.dies_there:
                self.steps_left = 1


@dataclass
class Walk(OwnerSteps):
    """The state of one walk; each `do_` method is a step, and takes two numbers."""

    harness: ChaosHarness
    counts: Counter[str]
    kill_in: int | None = None
    """The next process dies at this crossing."""
    stalled: list[tuple[Stalled, asyncio.Task[object]]] = field(default_factory=list)
    lost_writes: dict[str, list[str]] = field(default_factory=dict)
    cut_off: bool = False
    """Whether the grant is gone and the end user has not come back yet."""
    oracle: Oracle = field(init=False)

    def __post_init__(self) -> None:
        harness = self.harness
        self.oracle = Oracle(harness, self.counts)
        harness.witness.trouble = harness.queue.trouble = self._lose
        harness.clock.on_advance[:] = [self._pass]

    async def step(self, kind: str, a: int, b: int) -> None:
        """Take one step."""
        self.counts[f"step {kind}"] += 1
        await getattr(self, f"do_{kind}")(a, b)
        await self.harness.follower.read()
        await self.oracle.check()

    async def end(self) -> None:
        """Let everybody who stands still go on, and the end user come back; then let time pass."""
        while self.stalled:
            await self.do_resume(0, 0)
        self.lost_writes.clear()
        if self.cut_off:
            heal(self.harness, GRANT_FAULTS)
            await self.harness.reconnect()
        if (await self.harness.state()).status is SyncStatus.PAUSED:
            await self.harness.control.start(CONNECTION)
        await self.harness.quiesce()

    # Processes

    async def do_push(self, a: int, b: int) -> None:
        """Hand over an announcement: the oldest, the newest or any, once or twice."""
        pushes = self.harness.pushes
        if pushes:
            at = pushes[(0, -1, a)[b % 3] % len(pushes)]
            times = 2 if a % 5 == 0 else 1
            self.counts["fault push_double"] += times - 1
            self.counts["fault push_reorder"] += at != pushes[0]
            for _ in range(times):
                await self._announce(at)

    async def _announce(self, at: int) -> None:
        went_well = await self._process(lambda: self.harness.notify(EMAIL, HistoryId(at)))
        if went_well and at in self.harness.pushes:
            self.harness.pushes.remove(at)

    async def do_drop_push(self, a: int, b: int) -> None:
        """Lose an announcement for good."""
        if self.harness.pushes:
            self.harness.pushes.pop(a % len(self.harness.pushes))
            self.counts["fault push_drop"] += 1

    async def do_work(self, a: int, b: int) -> None:
        """Do the tasks that are due; those of a process that dies are lost, being only hints."""
        await self._process(self.harness.work)

    async def do_sync(self, a: int, b: int) -> None:
        """Run a task out of turn, with little time or much."""
        budget = BUDGET if a % 2 else timedelta(seconds=a % 9)
        await self._process(lambda: self.harness.sync(CONNECTION, budget=budget))

    async def do_reconcile(self, a: int, b: int) -> None:
        """Find what is due."""
        await self._process(self.harness.reconcile)

    async def do_renew(self, a: int, b: int) -> None:
        """Renew the watch if it is time."""
        await self._process(self.harness.renew_watches)

    async def do_kill(self, a: int, b: int) -> None:
        """Let the next process die after so many crossings."""
        self.kill_in = 1 + a % (20 if b % 2 else 120)

    async def do_stall(self, a: int, b: int) -> None:
        """Start a process that stops somewhere and holds what it holds."""
        if len(self.stalled) < 3:
            life = Stalled(stops_after=1 + a % (40 if b % 3 else 200))
            newest = self.harness.newest() if b % 2 else None
            work = self.harness.sync(CONNECTION, budget=BUDGET, hint=newest)
            task = asyncio.ensure_future(self._tried(life, work))
            stop = asyncio.ensure_future(life.stopped.wait())
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if not task.done():
                self.stalled.append((life, task))
                self.counts["stalls"] += 1
            self.harness.restart()

    async def do_resume(self, a: int, b: int) -> None:
        """Let a stalled process go on, or die where it stands."""
        if self.stalled:
            life, task = self.stalled.pop(a % len(self.stalled))
            life.dies_there = b % 3 == 1
            self.counts["kills"] += life.dies_there
            life.may_go_on.set()
            await task

    # The product

    async def do_trigger(self, a: int, b: int) -> None:
        """Ask for a look now, seldom for the whole window, more seldom for an empty start."""
        reset, empty = a % 6 == 0, a % 12 == 1
        self.harness.began_again |= reset or empty
        trigger = self.harness.control.trigger
        await self._process(lambda: trigger(CONNECTION, reset=reset, empty_cache=empty))

    async def do_audit(self, a: int, b: int) -> None:
        """Ask for an audit."""
        await self._process(lambda: self.harness.control.audit(CONNECTION))

    async def do_pause(self, a: int, b: int) -> None:
        """Pause."""
        await self._process(lambda: self.harness.control.pause(CONNECTION))

    async def do_start(self, a: int, b: int) -> None:
        """Start."""
        await self._process(lambda: self.harness.control.start(CONNECTION))

    async def do_read(self, a: int, b: int) -> None:
        """Page with the cursor, a little or to the end."""
        await self.harness.reader.read(1 + a % 5)

    async def do_take_events(self, a: int, b: int) -> None:
        """Deliver every event, so that later news need another."""
        outbox = self.harness.store.outbox
        for event in await outbox.list(state=EventState.PENDING, connection_id=None, limit=100):
            found = await outbox.get(event.id)
            assert found is not None
            done = replace(event, attempts=1, state=EventState.DELIVERED, next_attempt_at=None)
            await outbox.swap(found, done)

    # The world

    async def do_wait(self, a: int, b: int) -> None:
        """Let time pass: mostly seconds, sometimes days."""
        unit = (SECOND, SECOND, 10 * SECOND, MINUTE, MINUTE, HOUR, 24 * HOUR)[b % 7]
        self.harness.advance(unit * (1 + a % 7))

    async def do_fault(self, a: int, b: int) -> None:
        """Have Gmail misbehave for a few calls."""
        name = CALL_FAULTS[a % len(CALL_FAULTS)]
        if name == "fresh_404" and (self.stalled or await self._in_quarantine()):
            return  # Only fresh mail answers 404: what did so before is fresh no more.
        self.harness.expired |= name == "history_expired"
        self.harness.fault(name, times=1 + b % 4, after=max(0, a % 7 - 4))

    async def _in_quarantine(self) -> bool:
        return (await self.harness.state()).quarantine_due_at is not None

    async def do_expire(self, a: int, b: int) -> None:
        """Have Gmail forget its history."""
        self.harness.expired = True
        self.harness.google.store.expire_history(EMAIL)
        self.counts["fault history forgotten"] += 1

    async def do_lose_write(self, a: int, b: int) -> None:
        """Have the store or the queue not answer, before or after it did what was asked."""
        name, side = WRITES[a % len(WRITES)], ("request", "answer")[b % 2]
        self.lost_writes.setdefault(name, []).extend([side] * (1 + b % 3))

    async def do_cut_off(self, a: int, b: int) -> None:
        """Have Google refuse the grant: for good, or in passing."""
        if a % 3 == 0:
            self.harness.fault("token_5xx", times=1 + b % 3)
            self.harness.caller_tokens.held = None
        else:
            self.harness.fault(GRANT_FAULTS[a % 2])
            self.harness.caller_tokens.held = None
            self.cut_off = True

    async def do_reconnect(self, a: int, b: int) -> None:
        """Have the end user consent again, if that is needed."""
        if self.cut_off:
            heal(self.harness, GRANT_FAULTS)
            self.cut_off = not await self._process(self.harness.reconnect)

    # How

    async def _process(self, work: Work) -> bool:
        """Do it in a process of its own, which may die; answer whether it went well."""
        life, self.kill_in = Life(steps_left=self.kill_in), None
        went_well = await self._tried(life, work())
        if life.died_at is not None:
            self.counts["kills"] += 1
            self.counts[f"killed {life.died_at.side} effect"] += 1
            self.harness.restart()
        return went_well and life.died_at is None

    async def _tried(self, life: Life, work: Awaitable[object]) -> bool:
        try:
            await life.run(work)
        except TransientError:
            return False  # What asked is told so, and asks again or not.
        return True

    def _lose(self, write: str) -> str | None:
        left = self.lost_writes.get(write)
        lost = left.pop() if left else None
        self.counts[f"fault {write} {lost} lost"] += lost is not None
        return lost

    def _pass(self) -> None:
        """End the faults that do not last."""
        now = self.harness.clock.now()
        for fault in self.harness.google.faults.all():
            lasts = SHORT_LIVED.get(fault.fault)
            if lasts is not None and now - fault.posted_at >= lasts:
                fault.email = NOBODY


def heal(harness: ChaosHarness, names: tuple[str, ...]) -> None:
    """End the faults of those names."""
    for fault in harness.google.faults.all():
        if fault.fault in names:
            fault.email = NOBODY
