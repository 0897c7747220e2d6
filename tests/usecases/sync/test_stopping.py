"""A process that is told to stop gives its lease back, if it is still its own."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from shared.domain.sync.state import LEASE_LIFETIME
from shared.usecases.sync.watch.start import StartWatch
from shared.usecases.sync.work.lease import Held, take
from tests.harness.syncing import BUDGET, CONNECTION, HeldWatch, SyncHarness


@dataclass
class StandingWatch(HeldWatch):
    """Never comes back, so that the sync that arms it stands in the middle of its work."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, connection_id: object) -> None:
        """Stand."""
        self.reached.set()
        await asyncio.Event().wait()


async def held_back(harness: SyncHarness) -> asyncio.Task[object]:
    """Start a first sync and let it stand there, its lease in hand."""
    harness.deliver("Waiting")
    watch = StandingWatch()
    sync = replace(harness.sync, start_watch=cast("StartWatch", watch))

    async def work() -> object:
        return await sync(CONNECTION, budget=BUDGET)

    task = asyncio.create_task(work())
    await watch.reached.wait()
    return task


async def test_a_cancelled_sync_gives_its_lease_back_and_is_due(harness: SyncHarness) -> None:
    syncing = await held_back(harness)
    assert (await harness.state()).lease is not None
    syncing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await syncing
    state = await harness.state()
    assert state.lease is None
    assert state.next_due_at is not None
    assert state.next_due_at <= harness.clock.now()
    await harness.settle()
    assert await harness.stored() == harness.mailbox()


async def test_a_cancelled_sync_leaves_the_lease_of_another_alone(harness: SyncHarness) -> None:
    syncing = await held_back(harness)
    harness.advance(LEASE_LIFETIME + timedelta(seconds=1))
    other = await take(harness.store.sync_states, harness.clock, CONNECTION, None)
    assert isinstance(other, Held)
    syncing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await syncing
    assert (await harness.state()).lease == other.state.lease
