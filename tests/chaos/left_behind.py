"""What a process that dies leaves behind: what it wrote, asked of Google and enqueued until then.

Two deaths between which none of this happened are one to the next worker. So a test dies
once for all that are alike; the deep run dies at each of them.
"""

from collections.abc import Callable, Container, Hashable, Iterator, Mapping
from typing import cast

from infra.local.google.parts import Google
from shared.adapters.sqlite.records import SqliteRecords
from shared.ports.clock import Clock
from shared.ports.store import Store
from tests.chaos.await_points import Point
from tests.chaos.lives import Side
from tests.harness.queue import HeldTasks

Place = tuple[Point, Side]


def effects(google: Google, store: Store, queue: HeldTasks, clock: Clock) -> Callable[[], Hashable]:
    """Return what counts the effects so far: rows, calls, tasks, and whole seconds that passed."""
    connection = cast("SqliteRecords", store.records).database._connection

    def counted() -> Hashable:
        calls = google.stats.as_json()["calls"]
        seconds = int(clock.now().timestamp())
        return connection.total_changes, calls, len(queue.tasks), seconds

    return counted


def alike(left: Mapping[Place, Hashable], died: Container[Place]) -> Iterator[list[Place]]:
    """Yield the places where no death has been yet, together those that leave the same."""
    groups: dict[Hashable, list[Place]] = {}
    for place in sorted(left):
        if place not in died:
            groups.setdefault(left[place], []).append(place)
    yield from groups.values()
