"""Trigger, pause, start and pace own syncs, each by its name (API 5.1)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.ids import ConnectionId
from shared.domain.models.state import ModelSyncState, state_id
from shared.domain.models.sync import OwnSyncs
from shared.domain.sync.state import SyncStatus
from shared.errors import UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.documents import update
from shared.ports.model_store import ModelSyncs
from shared.ports.queue import Queue
from shared.usecases.sync.models.adopt import AdoptSync
from shared.usecases.sync.task import models_task

Change = Callable[[ModelSyncState, datetime], ModelSyncState]


@dataclass(frozen=True, slots=True)
class ControlModels:
    """Writes the wish into the sync's own state, then wakes a worker: mail is never touched."""

    syncs: OwnSyncs
    states: ModelSyncs
    adopt: AdoptSync
    queue: Queue
    clock: Clock

    async def trigger(
        self, id: ConnectionId, name: str, *, reset: bool = False, empty: bool = False
    ) -> None:
        """Run now; `reset` reads all again, `empty` ends every record before.

        Raises UnknownConnectionError.
        """

        def change(state: ModelSyncState, now: datetime) -> ModelSyncState:
            if not (reset or empty):
                return replace(state, deferred_until=None).with_wake(now)
            return replace(state.afresh(now), emptying=state.emptying or empty)

        await self._change(id, name, change, wake=True)

    async def pause(self, id: ConnectionId, name: str) -> None:
        """Stop it until started. Raises UnknownConnectionError."""
        await self._change(id, name, lambda was, _: replace(was, status=SyncStatus.PAUSED))

    async def start(self, id: ConnectionId, name: str) -> None:
        """Run it again, from where it was. Raises UnknownConnectionError."""

        def change(state: ModelSyncState, now: datetime) -> ModelSyncState:
            running = replace(state, status=SyncStatus.RUNNING, deferred_until=None, failures=0)
            return running.with_wake(now)

        await self._change(id, name, change, wake=True)

    async def set_frequency(self, id: ConnectionId, name: str, every: timedelta | None) -> None:
        """Run it this often; None is the code's own choice. Raises UnknownConnectionError."""

        def change(state: ModelSyncState, now: datetime) -> ModelSyncState:
            row = self.syncs.get(name)
            span = every or (row.frequency if row else None)
            at = None if span is None else (state.last_finished_at or now) + span
            state = replace(state, frequency=every, scheduled_at=at)
            due = [one for one in (state.next_due_at, at) if one is not None]
            return replace(state, next_due_at=min(due, default=None))

        await self._change(id, name, change)

    async def _change(
        self, id: ConnectionId, name: str, change: Change, *, wake: bool = False
    ) -> None:
        def apply(was: ModelSyncState) -> ModelSyncState | None:
            stopped = was.status is SyncStatus.STOPPED
            return None if stopped else change(was, self.clock.now())

        row = self.syncs.get(name)
        if row is None or not await self.adopt(id, row):
            raise UnknownConnectionError(f"There is no connection {id!r}.")
        if await update(self.states, state_id(id, name), apply) is None:
            raise UnknownConnectionError(f"There is no connection {id!r}.")
        if wake:
            await self.queue.enqueue(models_task(id, name))
