"""Every interleaving of three workers on one connection's sync state, searched breadth first.

What it proves. The workers are the real code: the coroutines of `SyncMailbox` and
`ControlSync.trigger` with the real lease, plan and delta underneath, suspended at each call of
store, queue or Gmail (`lease_actors`). For each setting, every order of those calls is tried with
pushes that are doubled, reordered and capped, crashes between any two calls, requests and answers
that are lost, false pushes, late writes, leases that expire under a slow worker,
history that hides a change for a while, Gmail's refusals, triggers, and reconcile or none. In all
of them: one holder at a time; no write after a lease was lost; the checkpoint and the sequence
number never move backwards, no number is used twice and no change committed twice; a lease is
never left short or kept by a worker that stopped; and whenever nothing is under way, everything
that an acknowledged push or trigger promised is stored or will be by what is scheduled, at once
where nothing failed. Each rule of DESIGN 4.2 taken away (`lease_rules`) makes one of these fail.

What it leaves out. Records are one message whose labels are the changes (`schedule_model` has real
mailboxes); events, the operations log, watches, pause and stop; more than three changes and more
faults at once than a setting names; clocks that disagree; time between a store's answer and the
next reading of the clock. A record is read with the listing before it, as one step.
"""

from collections import deque
from dataclasses import dataclass, field

from tests.chaos.lease_actors import Actors
from tests.chaos.lease_moves import Moves
from tests.chaos.lease_ports import seconds
from tests.chaos.lease_world import BrokenError, Budget, World, at, stored

HORIZON_S = 4 * 3600
"""Longer than an idle mailbox goes unread."""
MOST_STEPS = 500
MINUTE_S = 60
RECHECKED_S = 40
"""A change hidden from the look its push caused is found by the second rung of the ladder."""
LOOKED_BACK_S = 125
"""A change hidden from a look that no push caused is found by the lookback."""
LOOKED_TWICE_S = 4
"""A change that Gmail's cap on pushes left unannounced is found by the second look or a third."""
FAULTS = ("crashes", "lost", "late", "ticks", "refusals", "dropped", "false")


@dataclass(frozen=True, slots=True)
class Setting:
    """One configuration: what may happen, and how large the answers and commits are."""

    budget: Budget
    workers: int = 3
    lag_s: int = 0
    paged: bool = False
    parts: bool = False
    """Whether each history record is a part with a commit of its own."""
    short: bool = False
    """Whether a listing stops after its first record."""
    reconcile: bool = False
    leased: bool = False
    """Whether each look stores its lease first, as one does that has something to fetch."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: `broken` is None where every property holds."""

    states: int
    steps: int
    """Different steps of the real code that were run."""
    still: int
    """States in which nothing is under way."""
    broken: str | None = None
    trace: tuple[str, ...] = ()


@dataclass
class Search:
    """Breadth first, so that a counter-example is a shortest one."""

    setting: Setting
    actors: Actors
    moves: Moves = field(init=False)
    parents: dict[World, World | None] = field(default_factory=dict)
    still: int = 0

    def __post_init__(self) -> None:
        it = self.setting
        late = it.budget.late > 0
        self.moves = Moves(self.actors, it.workers, it.lag_s, it.paged, it.reconcile, late)

    def run(self) -> Found:
        """Look at every reachable state, or up to the first that breaks a property."""
        first = self.moves.first(self.setting.budget)
        self.parents[first] = None
        waiting = deque([first])
        while waiting:
            world = waiting.popleft()
            try:
                waiting.extend(self._next(world))
            except BrokenError as error:
                return self._found(str(error), self._trace(world))
        return self._found(None, ())

    def _next(self, world: World) -> list[World]:
        if world.still:
            self.still += 1
            self._check_promises(world)
        new = []
        for _, after in self.moves.of(world):
            tidied = self.moves.tidied(after)
            if tidied not in self.parents:
                self.parents[tidied] = world
                new.append(tidied)
        return new

    def _found(self, broken: str | None, trace: tuple[str, ...]) -> Found:
        return Found(len(self.parents), self.actors.steps, self.still, broken, trace)

    def _trace(self, world: World) -> tuple[str, ...]:
        steps: list[str] = []
        before = self.parents[world]
        while before is not None:
            steps.append(self._step_between(before, world))
            world, before = before, self.parents[before]
        return tuple(reversed(steps))

    def _step_between(self, before: World, after: World) -> str:
        moves = self.moves.of(before)
        what = next(what for what, world in moves if self.moves.tidied(world) == after)
        return " ".join(map(str, what))

    def _check_promises(self, world: World) -> None:
        """Nothing is under way: what was promised is there, or something comes for it."""
        wanted = len(world.visible_at) if self.setting.reconcile else world.promised
        done_at = self._kept_at(world, wanted)
        if done_at is None:
            raise BrokenError(f"a lost wake-up: {wanted} promised, {sorted(world.labels)} stored")
        if self._calm(world) and done_at > world.now + self._patience_s(world):
            raise BrokenError(f"late by {done_at - world.now} s without a fault")

    def _calm(self, world: World) -> bool:
        return all(
            getattr(world.left, fault) == getattr(self.setting.budget, fault) for fault in FAULTS
        )

    def _patience_s(self, world: World) -> int:
        if not world.murky:
            return LOOKED_TWICE_S if world.left.capped < self.setting.budget.capped else 0
        return LOOKED_BACK_S if self.setting.budget.triggers else RECHECKED_S

    def _kept_at(self, world: World, wanted: int) -> int | None:
        """Let what is scheduled happen, without a fault; answer when the promise is kept."""
        for _ in range(MOST_STEPS):
            if stored(world, wanted):
                return world.now
            after = self._calm_step(world)
            if after is None or after.now > HORIZON_S:
                return None
            world = self.moves.tidied(after)
        return None

    def _calm_step(self, world: World) -> World | None:
        if world.workers:
            return next(after for _, after in self.moves.worker_moves(world, 0))
        for _, after in self.moves.due_tasks(world):
            return after
        moments = [due for due, _ in world.tasks]
        due_at = self.actors.documents[world.document].next_due_at
        if self.setting.reconcile and due_at is not None:
            if seconds(due_at) <= world.now:
                return next(self.moves.reconciled(at(world, world.now + MINUTE_S)))[1]
            moments.append(seconds(due_at))
        return at(world, min(moments)) if moments else None
