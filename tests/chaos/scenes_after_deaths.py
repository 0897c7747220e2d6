"""Scenes that begin where workers died of mail, and one in which a run crashes."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from shared.domain.sync.state import LEASE_LIFETIME
from shared.usecases.sync import changes
from shared.usecases.sync.changes import TOO_COSTLY
from tests.chaos.chaos_house import ChaosHouse
from tests.chaos.lives import Killed
from tests.chaos.scene import HOUR, MINUTE, Scene, run, settled
from tests.chaos.swapping import swapped
from tests.usecases.sync.house import CONNECTION


class CrashError(Exception):
    """A fault of our own code: no error that the sync knows."""


async def _die(*_: object) -> None:
    raise Killed


async def _worker_dies(house: ChaosHouse) -> None:
    """Have a worker die of the first message that it reads, and its lease run out."""
    died = False
    with swapped(changes, {"off_loop": _die}):
        try:
            await run(house)
        except Killed:
            died = True
    assert died, "it read nothing"
    house.restart()
    house.advance(LEASE_LIFETIME + timedelta(seconds=1))


def _deaths(count: int) -> Callable[[ChaosHouse], Awaitable[None]]:
    async def prepare(house: ChaosHouse) -> None:
        await settled(house)
        for n in range(3):
            house.owner.receive(f"fresh {n}")
        house.advance(HOUR)
        for _ in range(count):
            await _worker_dies(house)
        state = await house.state()
        assert (state.suspect is not None) == (count > 1)

    return prepare


async def delta_after_a_death(house: ChaosHouse) -> None:
    """Read with care: one message at a time, each written down before."""
    await run(house)


async def delta_after_two_deaths(house: ChaosHouse) -> None:
    """Set aside the message that the second worker had written down."""
    await run(house)


async def _dead_in_first_sync(house: ChaosHouse) -> None:
    for n in range(4):
        house.owner.receive(f"mail {n}")
    await _worker_dies(house)


async def first_sync_after_a_death(house: ChaosHouse) -> None:
    """Read the window with care."""
    await run(house)


async def _too_costly_and_due(house: ChaosHouse) -> None:
    await _deaths(2)(house)
    await run(house)
    [entry] = await house.store.quarantine.list(CONNECTION, 10)
    assert entry.reason == TOO_COSTLY
    house.advance(entry.retry_at - house.clock.now() + MINUTE)


async def retry_of_what_was_too_costly(house: ChaosHouse) -> None:
    """Write down again which message it is before it is read."""
    await run(house)


async def _about_to_crash(house: ChaosHouse) -> None:
    await settled(house)
    house.owner.receive("unread yet")

    async def crash(path: str) -> None:
        house.transport.meanwhile = None
        raise CrashError

    house.transport.meanwhile = crash


async def delta_that_crashes(house: ChaosHouse) -> None:
    """Give the lease back with a pause, log it, and let the task fail."""
    with suppress(CrashError):
        await house.push_now()


SCENES_AFTER_DEATHS = [
    Scene(_deaths(1), delta_after_a_death),
    Scene(_deaths(2), delta_after_two_deaths),
    Scene(_dead_in_first_sync, first_sync_after_a_death),
    Scene(_too_costly_and_due, retry_of_what_was_too_costly),
    Scene(_about_to_crash, delta_that_crashes),
]
