"""What a scene is, and what many of them need."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.sync.state import SyncState
from shared.errors import ConflictError
from tests.chaos.await_points import ABOARD
from tests.chaos.harness import ChaosHarness
from tests.harness.syncing import BUDGET, CONNECTION

Act = Callable[[ChaosHarness], Awaitable[object]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Scene:
    """`prepare` happens before, undisturbed; the process that does `act` is killed in it."""

    prepare: Act
    act: Act

    def __str__(self) -> str:
        return self.act.__name__


async def run(harness: ChaosHarness) -> None:
    """Sync once, as a task does."""
    await harness.sync(CONNECTION, budget=BUDGET)


async def empty(harness: ChaosHarness) -> None:
    """Leave the mailbox as it is."""


async def settled(harness: ChaosHarness, count: int = 6) -> list[str]:
    """Have some mail that was read long ago."""
    ids = [harness.owner.receive(f"old {n}") for n in range(count)]
    await harness.quiesce()
    return ids


async def change(harness: ChaosHarness, how: Callable[[SyncState], SyncState]) -> None:
    """Write the sync state as no use case does."""
    while True:
        was = await harness.store.sync_states.get(CONNECTION)
        assert was is not None
        try:
            await harness.store.sync_states.swap(was, how(was.value))
        except ConflictError:
            continue
        return


async def some_old_mail(harness: ChaosHarness) -> None:
    await settled(harness)


@contextmanager
def somebody_else() -> Iterator[None]:
    """Do as another process does, which the death of this one leaves alone."""
    token = ABOARD.set(None)
    try:
        yield
    finally:
        ABOARD.reset(token)
