"""The lease: one writer per connection, fenced by compare-and-set (DESIGN 4.2).

Every write names a random `commit_id`. When a precondition fails, reading the state back tells
which of three things happened: our own commit arrived and its answer was lost; another worker has
the lease; or only a hint moved, and the same change is committed again without refetching.

A look takes its lease only once there is something to fetch: many find nothing, or changed labels,
and their one write is the commit, conditional on the state as it was read.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex

from shared.domain.events.event import Event
from shared.domain.ids import CommitId, ConnectionId, HistoryId, LeaseToken
from shared.domain.sync.plan import Delta, Release, on_push, plan
from shared.domain.sync.state import LEASE_LIFETIME, Lease, SyncState, SyncStatus
from shared.errors import ConflictError, FencedOutError, StoreUnavailableError
from shared.ports.clock import Clock, Retries
from shared.ports.documents import Versioned, until_written
from shared.ports.sync_store import Batch, SyncStates

Change = Callable[[SyncState], SyncState]
MakeBatch = Callable[[SyncState], Awaitable[tuple[SyncState, Batch]]]
Tell = Callable[[SyncState], Event | None]
READ_BACK = Retries(
    StoreUnavailableError, tuple(timedelta(milliseconds=pause) for pause in (200, 400, 800))
)
COMMIT_TRIES = 50
"""A hint may move at each try, but not for ever: beyond this something else is wrong."""
HEARTBEAT = LEASE_LIFETIME / 3


@dataclass(frozen=True, slots=True)
class Busy:
    """Another worker holds the lease until `expires_at`."""

    token: LeaseToken
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Idle:
    """There is nothing to sync: unknown, stopped, paused, or the push was stale."""


async def take(
    states: SyncStates,
    clock: Clock,
    connection_id: ConnectionId,
    hint: HistoryId | None,
    *,
    stored: bool = False,
) -> "Held | Busy | Idle":
    """Take the lease, raising the hint in the same write; or raise the hint for its holder.

    Unless it is to be `stored`, a state that was given back and only has to be looked at is held
    in memory first: a worker that loses it then has written nothing, its hint neither.
    """

    async def attempt() -> "Held | Busy | Idle":
        was = await states.get(connection_id)
        now = clock.now()
        if was is None or was.value.status is SyncStatus.STOPPED:
            return Idle()
        new = _taken_or_hinted(was.value, hint, now)
        if new is None:
            return _busy(was.value) if was.value.is_held(now) else Idle()
        if not stored and _only_lists(was.value, new, now):
            return Held(states, clock, Versioned(new, was.version), unleased=was)
        swapped = await states.swap(was, new)
        return _busy(new) if was.value.is_held(now) else Held(states, clock, swapped)

    return await until_written(attempt)


def _taken_or_hinted(state: SyncState, hint: HistoryId | None, now: datetime) -> SyncState | None:
    """Return the state to write, None where nothing need be written."""
    wished = _wish(state, hint, now)
    if wished is None:
        return None
    if state.is_held(now):
        return None if wished == state else wished
    return _lease(wished, now)


def _only_lists(was: SyncState, new: SyncState, now: datetime) -> bool:
    """Whether the next step lists history, after a worker that gave its lease back."""
    careful = was.lease is not None or was.careful or was.suspect is not None
    return not careful and isinstance(plan(new, now), Delta)


def _wish(state: SyncState, hint: HistoryId | None, now: datetime) -> SyncState | None:
    """Return the state to write before leasing, None where a push may leave without writing."""
    if hint is not None:
        return on_push(state, hint, now).state
    return state


def _busy(state: SyncState) -> Busy | Idle:
    if state.lease is None:
        return Idle()
    return Busy(state.lease.token, state.lease.expires_at)


def _lease(state: SyncState, now: datetime) -> SyncState:
    expires_at = now + LEASE_LIFETIME
    lease = Lease(LeaseToken(token_hex(8)), expires_at)
    return replace(state.taken_over(), lease=lease, next_due_at=expires_at, commit_id=_commit_id())


def _at_rest(state: SyncState, due: datetime | None, now: datetime) -> SyncState:
    """Return the state given back with nothing left to do: nothing is in hand any more."""
    waits = state.deferred_until is not None and now < state.deferred_until
    careful = state.careful if waits or state.status is not SyncStatus.RUNNING else 0
    return replace(
        state, lease=None, next_due_at=due, commit_id=_commit_id(), careful=careful, suspect=None
    )


def _commit_id() -> CommitId:
    return CommitId(token_hex(8))


async def _nothing(state: SyncState) -> tuple[SyncState, Batch]:
    return state, Batch()


def _tell_none(_: SyncState) -> None:
    """Write no event."""


@dataclass(slots=True)
class Held:
    """A lease in hand: the only way a sync writes."""

    states: SyncStates
    clock: Clock
    current: Versioned[SyncState]
    released: bool = False
    unleased: Versioned[SyncState] | None = None
    """The state as the store has it, as long as that lacks the lease."""

    @property
    def state(self) -> SyncState:
        """The state as this worker last wrote or read it."""
        return self.current.value

    async def commit(self, change: Change, make: MakeBatch = _nothing) -> None:
        """Write records and checkpoint together; releases too where nothing is left to do.

        `change` and `make` run again on the fresh state after a hint moved. Raises
        FencedOutError, StoreUnavailableError.
        """
        for _ in range(COMMIT_TRIES):
            changed, batch = await make(change(self.state))
            if await self._write(self._stamp(changed), batch):
                return
        raise StoreUnavailableError("A commit was refused again and again.")

    async def beat(self) -> None:
        """Renew the lease once a third of it is gone; call before anything slow."""
        await self.secure()
        lease = self.state.lease
        if lease is None or lease.expires_at - self.clock.now() < LEASE_LIFETIME - HEARTBEAT:
            await self.renew()

    async def secure(self) -> None:
        """Have the lease stored; call before anything is fetched. Raises FencedOutError."""
        if self.unleased is not None:
            await self.renew()

    async def renew(self) -> None:
        """Renew the lease now. Raises FencedOutError."""
        while not await self._write(self._renew(self.state), Batch()):
            pass

    async def release(self) -> bool:
        """Give the lease back if there is nothing to do; False where there is."""
        while not self.released:
            now = self.clock.now()
            step = plan(self.state, now)
            if not isinstance(step, Release):
                return False
            self.released = await self._write(_at_rest(self.state, step.at, now), Batch())
        return True

    async def leave(self, change: Change, due: datetime | None, tell: Tell = _tell_none) -> None:
        """Give the lease back whatever is left to do, to be looked at again at `due`.

        One write, with what `tell` makes of the state before: it wakes the next worker even where
        the hint moved meanwhile.
        """
        while not self.released:
            new = replace(change(self.state), lease=None, next_due_at=self._next_due(due))
            new = replace(new, commit_id=_commit_id())
            self.released = await self._write(new, Batch(event=tell(self.state)))

    def _next_due(self, due: datetime | None) -> datetime | None:
        """Return the due time to leave behind: a trigger or a reconnect may have set its own."""
        lease, wish = self.state.lease, self.state.next_due_at
        if lease is None or wish is None or wish >= lease.expires_at:
            return due
        return wish if due is None else min(due, wish)

    def _stamp(self, state: SyncState) -> SyncState:
        """Prepare a commit: with the lease renewed, or given back where nothing is left."""
        now = self.clock.now()
        step = plan(state, now)
        return _at_rest(state, step.at, now) if isinstance(step, Release) else self._renew(state)

    def _renew(self, state: SyncState) -> SyncState:
        if state.lease is None:
            raise FencedOutError("The lease is gone.")
        now = self.clock.now()
        expires_at = now + LEASE_LIFETIME
        # A due time that a trigger set stays until it has passed: it is a wish of its own.
        due = state.next_due_at
        due = expires_at if due is None or due <= now else min(due, expires_at)
        lease = replace(state.lease, expires_at=expires_at)
        return replace(state, lease=lease, next_due_at=due, commit_id=_commit_id())

    async def _write(self, new: SyncState, batch: Batch) -> bool:
        """Try one write: True once it is durable, False where only the hint moved."""
        try:
            self.current = await self.states.commit(self.unleased or self.current, new, batch)
        except (ConflictError, StoreUnavailableError):
            if not await self._read_back(new):
                return False
        self.released = new.lease is None
        self.unleased = None
        return True

    async def _read_back(self, attempted: SyncState) -> bool:
        """Find out what a failed write did; True where it had succeeded after all."""
        fresh = await self._fresh()
        before = self.state
        if fresh.value.commit_id == attempted.commit_id:
            self.current = fresh
            return True
        if self.unleased is not None and fresh.version == self.unleased.version:
            return False
        token = before.lease.token if before.lease else LeaseToken("")
        if not fresh.value.held_by(token) or fresh.value.commit_id != before.commit_id:
            raise FencedOutError("The lease passed to another worker.")
        self.current = fresh
        return False

    async def _fresh(self) -> Versioned[SyncState]:
        id = self.state.connection_id
        fresh = await READ_BACK.run(lambda: self.states.get(id), self.clock)
        if fresh is None:
            raise FencedOutError("The sync state is gone.")
        return fresh
