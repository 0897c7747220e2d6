"""A write that its writer gave up waiting for, and that arrived after all."""

from dataclasses import dataclass, field, replace
from typing import Any

from shared.domain.sync.state import SyncState
from shared.errors import StoreUnavailableError
from shared.ports.documents import Versioned
from shared.ports.sync_store import Batch, SyncStates
from shared.usecases.sync.outcomes import LostLease
from tests.harness.syncing import SyncHarness


@dataclass
class SlowOnce:
    """Sync states whose first commit times out, and arrives just before the next one."""

    states: SyncStates
    under_way: list[tuple[Any, ...]] = field(default_factory=list)
    commits: int = 0

    async def get(self, id: str) -> Versioned[SyncState] | None:
        """Read."""
        return await self.states.get(id)

    async def swap(self, was: Versioned[SyncState], now: SyncState) -> Versioned[SyncState]:
        """Write."""
        return await self.states.swap(was, now)

    async def commit(
        self, was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        """Write, the first time without waiting for it."""
        self.commits += 1
        if self.commits == 1:
            self.under_way.append((was, now, batch))
            raise StoreUnavailableError("No answer in time.")
        while self.under_way:
            await self.states.commit(*self.under_way.pop())
        return await self.states.commit(was, now, batch)


async def test_a_worker_fenced_out_by_its_own_late_write_leaves_a_wake_up(
    harness: SyncHarness,
) -> None:
    arrived = harness.deliver()
    states: Any = SlowOnce(harness.store.sync_states)
    harness.sync = replace(harness.sync, states=states)
    assert isinstance(await harness.run(), LostLease)
    left = await harness.state()
    assert left.checkpoint is not None
    assert left.lease is not None
    [task] = harness.queue.tasks
    assert task.not_before is not None
    assert task.not_before <= left.lease.expires_at
    harness.advance(left.lease.expires_at - harness.clock.now())
    await harness.settle()
    assert arrived in await harness.stored()
