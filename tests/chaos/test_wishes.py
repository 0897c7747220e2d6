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
from tests.chaos.chaos_house import ChaosHouse
from tests.chaos.estate import open_estate
from tests.chaos.verdict import verify
from tests.chaos.walk import GRANT_FAULTS, Stalled, heal
from tests.usecases.sync.house import BUDGET, CONNECTION

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.timeout(1_800),
]
SOON = timedelta(minutes=2)
"""Reconcile comes each minute; an hour would be the look that comes anyway."""


async def trigger(house: ChaosHouse) -> None:
    """Ask for a look."""
    await house.control.trigger(CONNECTION)


async def audit(house: ChaosHouse) -> None:
    """Ask for a comparison."""
    await house.control.audit(CONNECTION)


async def reset(house: ChaosHouse) -> None:
    """Ask for the whole window."""
    house.began_again = True
    await house.control.trigger(CONNECTION, reset=True)


async def stop_and_go(house: ChaosHouse) -> None:
    """Pause, and start again."""
    await house.control.pause(CONNECTION)
    await house.control.start(CONNECTION)


async def push(house: ChaosHouse) -> None:
    """Hear of mail."""
    await house.push_now()


async def come_back(house: ChaosHouse) -> None:
    """Consent again after Google refused the grant."""
    heal(house, GRANT_FAULTS)
    await house.reconnect()


WISHES = [trigger, audit, reset, stop_and_go, push, come_back]
Wish = Callable[[ChaosHouse], Awaitable[None]]


async def wished(house: ChaosHouse, wish: Wish, crossing: int) -> bool:
    """Wish while a run stands at that crossing; False where the run is shorter."""
    house.owner.receive("known")
    await house.quiesce()
    house.owner.receive("new")
    if wish is come_back:
        house.fault("grant_revoked")
        house.desk.held = None
    life = Stalled(stops_after=crossing)
    run = house.sync(CONNECTION, budget=BUDGET, hint=house.newest())
    task = asyncio.ensure_future(life.run(run))
    stop = asyncio.ensure_future(life.stopped.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    house.restart()
    house.owner.receive("arrived with the wish")
    await wish(house)
    life.may_go_on.set()
    await task
    await met(house)
    return life.stopped.is_set()


async def met(house: ChaosHouse) -> None:
    """Hold that reconcile alone brings the wish about, soon."""
    house.queue.tasks.clear()
    for _ in range(3):
        house.advance(SOON / 2)
        await house.reconcile()
        await house.work()
    state = await house.state()
    assert not wanting(state), f"still wanted: {state}"
    assert await house.stored() == house.mailbox()
    await house.quiesce()
    await verify(house)


def wanting(state: SyncState) -> bool:
    """Whether something that was asked for has not been done."""
    return state.look_wanted or state.auditing or state.backfilling or state.unmet_hint is not None


async def everywhere(wish: Wish, step: int) -> None:
    """Wish at every crossing, or at every few."""
    crossing = 1
    with standing_in_awaits():
        async with open_estate() as estate:
            while True:
                async with estate.house() as house:
                    try:
                        if not await wished(house, wish, crossing):
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
