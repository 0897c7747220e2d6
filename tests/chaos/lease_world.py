"""The world around the workers of the lease model: store, queue, Gmail, clock, and what fails."""

from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from shared.domain.ids import HistoryId, LabelId
from shared.domain.sync.state import SyncState
from tests.chaos.continuation import Name
from tests.chaos.lease_ports import (
    CONNECTION,
    EPOCH,
    FIRST_CHECKPOINT,
    label,
)


class Budget(NamedTuple):
    """How often each thing may happen in one run of the model."""

    changes: int = 1
    crashes: int = 0
    lost: int = 0
    """Requests to, or answers of, store and queue that vanish."""
    late: int = 0
    """Writes that arrive after their writer gave up waiting."""
    doubled: int = 0
    ticks: int = 0
    """Times that the clock moves while somebody works."""
    waits: int = 0
    """Times that it moves while nobody does."""
    triggers: int = 0
    refusals: int = 0
    """Calls that Gmail fails."""
    dropped: int = 0
    """Changes that no push announces."""
    capped: int = 0
    """Changes that no push announces because another push came within a second before."""
    false: int = 0
    """Pushes of an id that no history will reach."""


class Worker(NamedTuple):
    """A running invocation: where it stands, what is redelivered if it dies, its lease."""

    point: int
    origin: tuple[Any, ...]
    token: str


class World(NamedTuple):
    """One state of everything; times are seconds."""

    now: int
    document: int
    labels: frozenset[LabelId]
    visible_at: tuple[int, ...]
    """Per change, when history certainly shows it; 0 once it does."""
    pushes: tuple[int, ...]
    tasks: tuple[tuple[int, str], ...]
    spent: frozenset[str]
    workers: tuple[Worker, ...]
    late: tuple[tuple[Any, ...], ...]
    left: Budget
    promised: int
    """So many changes were announced by what is acknowledged."""
    murky: bool
    """Whether history could still hide one of them when its push was acknowledged."""
    announced: bool = False
    """Whether a change was announced within the second, where that may keep another from it."""

    @property
    def still(self) -> bool:
        """Whether nothing is under way: only tasks and schedules are left."""
        return not (self.workers or self.pushes or self.late)


class BrokenError(Exception):
    """A property does not hold."""


Move = tuple[tuple[object, ...], World]
"""What happened, put into words only where a trace shows it, and what the world is then."""


def first_state() -> SyncState:
    """Return a connected mailbox that is caught up."""
    due = EPOCH + timedelta(hours=1)
    start = HistoryId(FIRST_CHECKPOINT)
    return SyncState(CONNECTION, checkpoint=start, delta_due_at=due, next_due_at=due)


def at(world: World, now: int) -> World:
    """Return the world when the clock says `now`."""
    visible_at = tuple(moment if moment > now else 0 for moment in world.visible_at)
    return world._replace(now=now, visible_at=visible_at, announced=False)


def stored(world: World, count: int) -> bool:
    """Whether the record shows the first `count` changes."""
    return all(label(number) in world.labels for number in range(count))


@cache
def token_of(name: str) -> Name:
    """Return the random name that a task name begins with."""
    return Name(name.rpartition("-")[0])


def is_past(name: str, now: int) -> bool:
    """Whether the name is of a moment that has come: tasks are named by what lies ahead only."""
    connection, _, moment = name.rpartition("-")
    at = EPOCH.timestamp() + now
    return connection == CONNECTION and int(moment) <= at * 1_000_000


def less(world: World, field_name: str) -> World:
    """Return the world after one of these happened."""
    return world._replace(left=_less(world.left, field_name))


@cache
def _less(left: Budget, field_name: str) -> Budget:
    return left._replace(**{field_name: getattr(left, field_name) - 1})


def added(items: tuple[Any, ...], item: Any) -> tuple[Any, ...]:
    """Return the items with one more."""
    return tuple(sorted((*items, item)))


def without(items: tuple[Any, ...], item: Any) -> tuple[Any, ...]:
    """Return the items without one of these."""
    place = items.index(item)
    return items[:place] + items[place + 1 :]


def joined(world: World, worker: Worker) -> World:
    """Return the world with one more worker."""
    return world._replace(workers=added(world.workers, worker))


def pushed(world: World, number: int) -> World:
    """Return the world with a push under way."""
    return world._replace(pushes=added(world.pushes, number))


def redelivered(world: World, origin: tuple[Any, ...]) -> World:
    """Return the world after a worker ended without acknowledging what woke it."""
    match origin:
        case ("push", number):
            return pushed(world, number)
        case ("task", name):
            return world._replace(tasks=added(world.tasks, (world.now, name)))
        case _:
            return world  # The caller of a trigger saw it fail.


def acknowledged(world: World, origin: tuple[Any, ...]) -> World:
    """Return the world after what woke a worker was acknowledged."""
    match origin:
        case ("push", number):
            count = number + 1
        case ("trigger", count):
            pass
        case ("task", name) if name:
            return world._replace(spent=world.spent | {name})
        case _:
            return world
    murky = world.murky or any(world.visible_at[:count])
    return world._replace(promised=max(world.promised, count), murky=murky)
