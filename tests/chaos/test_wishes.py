"""A wish of the product's, or a push, at any moment of a run: it is met, though every task is lost.

A process stands still at each await in turn; meanwhile somebody wishes; then the process goes on,
and only reconcile is left to find what the state says.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.domain.sync.state import SyncState
from tests.chaos.await_points import standing_in_awaits
from tests.chaos.harness import ChaosHarness
from tests.chaos.shared_google import open_shared_google
from tests.chaos.verdict import verify
from tests.chaos.walk import GRANT_FAULTS, Stalled, heal
from tests.harness.syncing import BUDGET, CONNECTION

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.timeout(1_800),
]
SOON = timedelta(minutes=2)
"""Reconcile comes each minute; an hour would be the look that comes anyway."""


async def trigger(harness: ChaosHarness) -> None:
    """Ask for a look."""
    await harness.control.trigger(CONNECTION)


async def audit(harness: ChaosHarness) -> None:
    """Ask for a comparison."""
    await harness.control.audit(CONNECTION)


async def reset(harness: ChaosHarness) -> None:
    """Ask for the whole window."""
    harness.began_again = True
    await harness.control.trigger(CONNECTION, reset=True)


async def stop_and_go(harness: ChaosHarness) -> None:
    """Pause, and start again."""
    await harness.control.pause(CONNECTION)
    await harness.control.start(CONNECTION)


async def push(harness: ChaosHarness) -> None:
    """Hear of mail."""
    await harness.push_now()


async def come_back(harness: ChaosHarness) -> None:
    """Consent again after Google refused the grant."""
    heal(harness, GRANT_FAULTS)
    await harness.reconnect()


WISHES = [trigger, audit, reset, stop_and_go, push, come_back]
Wish = Callable[[ChaosHarness], Awaitable[None]]


async def wished(harness: ChaosHarness, wish: Wish, crossing: int) -> bool:
    """Wish while a run stands at that crossing; False where the run is shorter."""
    harness.owner.receive("known")
    await harness.quiesce()
    harness.owner.receive("new")
    if wish is come_back:
        harness.fault("grant_revoked")
        harness.caller_tokens.held = None
    life = Stalled(stops_after=crossing)
    run = harness.sync(CONNECTION, budget=BUDGET, hint=harness.newest())
    task = asyncio.ensure_future(life.run(run))
    stop = asyncio.ensure_future(life.stopped.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    harness.restart()
    harness.owner.receive("arrived with the wish")
    await wish(harness)
    life.may_go_on.set()
    await task
    await met(harness)
    return life.stopped.is_set()


async def met(harness: ChaosHarness) -> None:
    """Hold that reconcile alone brings the wish about, soon."""
    harness.queue.tasks.clear()
    for _ in range(3):
        harness.advance(SOON / 2)
        await harness.reconcile()
        await harness.work()
    state = await harness.state()
    assert not wanting(state), f"still wanted: {state}"
    assert await harness.stored() == harness.mailbox()
    await harness.quiesce()
    await verify(harness)


def wanting(state: SyncState) -> bool:
    """Whether something that was asked for has not been done."""
    return state.look_wanted or state.auditing or state.backfilling or state.unmet_hint is not None


async def everywhere(wish: Wish, step: int) -> None:
    """Wish at every crossing, or at every few."""
    crossing = 1
    with standing_in_awaits():
        async with open_shared_google() as shared_google:
            while True:
                async with shared_google.harness() as harness:
                    try:
                        if not await wished(harness, wish, crossing):
                            break
                    except AssertionError as error:
                        message = f"{wish.__name__} at crossing {crossing}: {error}"
                        raise AssertionError(message) from error
                crossing += step
    print(f"\n{wish.__name__}: met at every crossing up to {crossing}")
    assert crossing > 30 or wish is come_back


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.__name__)
async def test_a_wish_during_a_run_is_met_though_every_task_is_lost(wish: Wish) -> None:
    await everywhere(wish, step=4)


@pytest.mark.deep
@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.__name__)
async def test_a_wish_at_any_await_is_met_though_every_task_is_lost(wish: Wish) -> None:
    await everywhere(wish, step=1)
