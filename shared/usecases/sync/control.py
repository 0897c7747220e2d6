"""Trigger, pause and start a connection's sync, at the product's wish (API 5.1)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.ids import ConnectionId
from shared.domain.sync.selection import window_start
from shared.domain.sync.state import Audit, Backfill, SyncState, SyncStatus
from shared.errors import UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.documents import update
from shared.ports.queue import Queue
from shared.ports.sends import HeldSends, wake_no_send
from shared.ports.sync_store import SyncStates
from shared.usecases.sync.task import sync_task

Change = Callable[[SyncState, datetime], SyncState]


@dataclass(frozen=True, slots=True)
class ControlSync:
    """Writes the wish into the sync state, where every worker finds it, then wakes one."""

    states: SyncStates
    queue: Queue
    clock: Clock
    wake_held: HeldSends = wake_no_send

    async def trigger(
        self, connection_id: ConnectionId, *, reset: bool = False, empty_cache: bool = False
    ) -> None:
        """Read history now.

        `reset` also lists the whole window again and stores what is missing; `empty_cache` first
        deletes every record. Raises UnknownConnectionError.
        """
        change = _empty if empty_cache else _reset if reset else _ask
        await self._change(connection_id, change)
        await self._wake(connection_id)

    async def _wake(self, connection_id: ConnectionId) -> None:
        """Have it looked at now, and what is held on it too: a cause may just have been mended."""
        await self.queue.enqueue(sync_task(connection_id))
        await self.wake_held(connection_id)

    async def audit(self, connection_id: ConnectionId) -> None:
        """Compare the whole window with the records, and heal. Raises UnknownConnectionError."""
        await self._change(connection_id, _audit)
        await self._wake(connection_id)

    async def pause(self, connection_id: ConnectionId) -> None:
        """Stop syncing until started; hints are kept. Raises UnknownConnectionError."""
        await self._change(connection_id, _pause)

    async def start(self, connection_id: ConnectionId) -> None:
        """Sync again, from where it was. Raises UnknownConnectionError."""
        await self._change(connection_id, _start)
        await self._wake(connection_id)

    async def set_frequency(self, connection_id: ConnectionId, frequency: timedelta) -> None:
        """Ask a silent connection this often. Raises UnknownConnectionError."""

        def change(state: SyncState, now: datetime) -> SyncState:
            state = replace(state, frequency=frequency)
            due = (state.last_delta_at or now) + frequency
            return replace(state, delta_due_at=due).due_by(due)

        await self._change(connection_id, change)

    async def _change(self, connection_id: ConnectionId, change: Change) -> None:
        def apply(was: SyncState) -> SyncState | None:
            stopped = was.status is SyncStatus.STOPPED
            return None if stopped else change(was, self.clock.now())

        if await update(self.states, connection_id, apply) is None:
            raise UnknownConnectionError(f"There is no connection {connection_id!r}.")


def _ask(state: SyncState, now: datetime) -> SyncState:
    return state.looked_at(now).wanting_look().due_by(now)


def _reset(state: SyncState, now: datetime) -> SyncState:
    """Read the window again: sequence numbers go on, unchanged records keep theirs."""
    start = window_start(state.window, now)
    backfill = Backfill(window_start=start, started_at=now)
    return replace(state.without_wait(now), window_start=start, backfill=backfill)


def _empty(state: SyncState, now: datetime) -> SyncState:
    return replace(_reset(state, now), emptying=True)


def _audit(state: SyncState, now: datetime) -> SyncState:
    return replace(state.without_wait(now), audit=Audit(requested_at=now))


def _pause(state: SyncState, _now: datetime) -> SyncState:
    return replace(state, status=SyncStatus.PAUSED)


def _start(state: SyncState, now: datetime) -> SyncState:
    return replace(state.without_wait(now), status=SyncStatus.RUNNING)
