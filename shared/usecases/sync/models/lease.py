"""The lease of one own sync: one writer, fenced by compare-and-set (DESIGN 4.2).

As with the mailbox's own lease, every write names a random `commit_id`, and reading the state back
tells whether a refused write arrived, was fenced out, or met a wish that another caller wrote.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex

from shared.domain.ids import CommitId, ConnectionId, LeaseToken
from shared.domain.models.state import ModelSyncState, plan, state_id
from shared.domain.models.sync import OwnSync
from shared.domain.sync.state import LEASE_LIFETIME, Lease, SyncStatus
from shared.errors import ConflictError, FencedOutError, StoreUnavailableError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned, until_written
from shared.ports.model_store import ModelBatch, ModelSyncs
from shared.usecases.sync.work.lease import COMMIT_TRIES, HEARTBEAT, READ_BACK, Busy, Idle

Change = Callable[[ModelSyncState], ModelSyncState]
MakeBatch = Callable[[ModelSyncState], Awaitable[tuple[ModelSyncState, ModelBatch]]]


async def take(
    states: ModelSyncs, clock: Clock, id: ConnectionId, row: OwnSync, *, wake: bool
) -> "ModelLease | Busy | Idle":
    """Take the lease where there is something to do; `wake` asks for a run in the same write."""

    async def attempt() -> "ModelLease | Busy | Idle":
        was = await states.get(state_id(id, row.name))
        now = clock.now()
        if was is None or was.value.status is SyncStatus.STOPPED:
            return Idle()
        state = was.value.with_wake(now) if wake else was.value
        due = plan(state, row, now)
        if state.is_held(now):
            if wake:
                await states.swap(was, state)
            lease = was.value.lease
            return Busy(lease.token, lease.expires_at) if lease else Idle()
        if due is None or due > now:
            if replace(state, next_due_at=due) != was.value:
                await states.swap(was, replace(state, next_due_at=due, lease=None))
            return Idle()
        return ModelLease(states, clock, row, await states.swap(was, _lease(state, now)))

    return await until_written(attempt)


def _lease(state: ModelSyncState, now: datetime) -> ModelSyncState:
    expires_at = now + LEASE_LIFETIME
    lease = Lease(LeaseToken(token_hex(8)), expires_at)
    began = state.began_at or now
    return replace(
        state, lease=lease, next_due_at=expires_at, commit_id=_commit_id(), began_at=began
    )


def _commit_id() -> CommitId:
    return CommitId(token_hex(8))


async def _nothing(state: ModelSyncState) -> tuple[ModelSyncState, ModelBatch]:
    return state, ModelBatch()


@dataclass(slots=True)
class ModelLease:
    """A lease in hand: the only way an own sync writes."""

    states: ModelSyncs
    clock: Clock
    row: OwnSync
    current: Versioned[ModelSyncState]
    released: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Commits and beats take turns: own code runs while the lease is renewed."""

    @property
    def state(self) -> ModelSyncState:
        """The state as this worker last wrote or read it."""
        return self.current.value

    async def commit(self, change: Change, make: MakeBatch = _nothing) -> None:
        """Write records and checkpoint together, and keep the lease.

        Both run again on the fresh state after a wish moved it. Raises FencedOutError,
        StoreUnavailableError.
        """
        async with self.lock:
            for _ in range(COMMIT_TRIES):
                changed, batch = await make(change(self.state))
                if await self._write(self._renew(changed), batch):
                    return
            raise StoreUnavailableError("A commit was refused again and again.")

    async def beat(self) -> None:
        """Renew the lease once a third of it is gone."""
        if not self._wants_beat():
            return
        async with self.lock:
            while self._wants_beat():
                await self._write(self._renew(self.state), ModelBatch())

    async def leave(self, change: Change, make: MakeBatch = _nothing) -> datetime | None:
        """Give the lease back, with a last change; return when the sync is to run next."""
        async with self.lock:
            while not self.released:
                changed, batch = await make(change(self.state))
                due = plan(changed, self.row, self.clock.now())
                rest = replace(changed, lease=None, next_due_at=due, commit_id=_commit_id())
                self.released = await self._write(rest, batch)
            return self.state.next_due_at

    def _wants_beat(self) -> bool:
        lease = self.state.lease
        return lease is None or lease.expires_at - self.clock.now() < LEASE_LIFETIME - HEARTBEAT

    def _renew(self, state: ModelSyncState) -> ModelSyncState:
        if state.lease is None:
            raise FencedOutError("The lease is gone.")
        expires_at = self.clock.now() + LEASE_LIFETIME
        lease = replace(state.lease, expires_at=expires_at)
        return replace(state, lease=lease, next_due_at=expires_at, commit_id=_commit_id())

    async def _write(self, new: ModelSyncState, batch: ModelBatch) -> bool:
        """Try one write: True once it is durable, False where only a wish moved."""
        try:
            self.current = await self.states.commit(self.current, new, batch)
        except (ConflictError, StoreUnavailableError):
            return await self._read_back(new)
        return True

    async def _read_back(self, attempted: ModelSyncState) -> bool:
        """Find out what a failed write did; True where it had succeeded after all."""
        fresh, before = await self._fresh(), self.state
        if fresh.value.commit_id == attempted.commit_id:
            self.current = fresh
            return True
        token = before.lease.token if before.lease else LeaseToken("")
        stopped = fresh.value.status is SyncStatus.STOPPED
        same = fresh.value.held_by(token) and fresh.value.commit_id == before.commit_id
        if stopped or not same:
            raise FencedOutError("The lease passed to another worker.")
        self.current = fresh
        return False

    async def _fresh(self) -> Versioned[ModelSyncState]:
        id = self.state.id
        fresh = await READ_BACK.run(lambda: self.states.get(id), self.clock)
        if fresh is None:
            raise FencedOutError("The sync's state is gone.")
        return fresh
