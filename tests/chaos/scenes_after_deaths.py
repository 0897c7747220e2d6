"""Scenes that begin where workers died of mail, and one in which a run crashes."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from shared.domain.sync.state import LEASE_LIFETIME
from shared.usecases.sync.work import changes
from shared.usecases.sync.work.changes import TOO_COSTLY
from tests.chaos.harness import ChaosHarness
from tests.chaos.lives import Killed
from tests.chaos.scene import HOUR, MINUTE, Scene, run, settled
from tests.chaos.swapping import swapped
from tests.harness.syncing import CONNECTION


class CrashError(Exception):
    """A fault of our own code: no error that the sync knows."""


async def _die(*_: object) -> None:
    raise Killed


async def _worker_dies(harness: ChaosHarness) -> None:
    """Have a worker die of the first message that it reads, and its lease run out."""
    died = False
    with swapped(changes, {"off_loop": _die}):
        try:
            await run(harness)
        except Killed:
            died = True
    assert died, "it read nothing"
    harness.restart()
    harness.advance(LEASE_LIFETIME + timedelta(seconds=1))


def _deaths(count: int) -> Callable[[ChaosHarness], Awaitable[None]]:
    async def prepare(harness: ChaosHarness) -> None:
        await settled(harness)
        for n in range(3):
            harness.owner.receive(f"fresh {n}")
        harness.advance(HOUR)
        for _ in range(count):
            await _worker_dies(harness)
        state = await harness.state()
        assert (state.suspect is not None) == (count > 1)

    return prepare


async def delta_after_a_death(harness: ChaosHarness) -> None:
    """Read with care: one message at a time, each written down before."""
    await run(harness)


async def delta_after_two_deaths(harness: ChaosHarness) -> None:
    """Set aside the message that the second worker had written down."""
    await run(harness)


async def _dead_in_first_sync(harness: ChaosHarness) -> None:
    for n in range(4):
        harness.owner.receive(f"mail {n}")
    await _worker_dies(harness)


async def first_sync_after_a_death(harness: ChaosHarness) -> None:
    """Read the window with care."""
    await run(harness)


async def _too_costly_and_due(harness: ChaosHarness) -> None:
    await _deaths(2)(harness)
    await run(harness)
    [entry] = await harness.store.quarantine.list(CONNECTION, 10)
    assert entry.reason == TOO_COSTLY
    harness.advance(entry.retry_at - harness.clock.now() + MINUTE)


async def retry_of_what_was_too_costly(harness: ChaosHarness) -> None:
    """Write down again which message it is before it is read."""
    await run(harness)


async def _about_to_crash(harness: ChaosHarness) -> None:
    await settled(harness)
    harness.owner.receive("unread yet")

    async def crash(path: str) -> None:
        harness.transport.meanwhile = None
        raise CrashError

    harness.transport.meanwhile = crash


async def delta_that_crashes(harness: ChaosHarness) -> None:
    """Give the lease back with a pause, log it, and let the task fail."""
    with suppress(CrashError):
        await harness.push_now()


SCENES_AFTER_DEATHS = [
    Scene(_deaths(1), delta_after_a_death),
    Scene(_deaths(2), delta_after_two_deaths),
    Scene(_dead_in_first_sync, first_sync_after_a_death),
    Scene(_too_costly_and_due, retry_of_what_was_too_costly),
    Scene(_about_to_crash, delta_that_crashes),
]
