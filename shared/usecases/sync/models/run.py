"""One worker's run of one own sync: its lease, its ports, and how its commits are made."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from shared.domain.connect.connection import Connection
from shared.domain.events.event import Event
from shared.domain.ids import ConnectionId
from shared.domain.models.event import model_event
from shared.domain.models.state import ModelSyncState
from shared.domain.models.sync import OwnSync, models_of
from shared.domain.operation import OperationStep
from shared.domain.sync.event import extend
from shared.domain.sync.state import Tally
from shared.ports.clock import Clock
from shared.ports.events import Outbox
from shared.ports.model_store import ModelBatch, ModelRecords, Notice
from shared.ports.sync_store import Records
from shared.usecases.sync.models.changes import ModelChanges
from shared.usecases.sync.models.lease import Change, ModelLease

SYNC_TYPES: Final = {True: "WEBHOOK", False: "INCREMENTAL"}
"""By whether the sync follows mail."""


@dataclass(slots=True)
class ModelRun:
    """What the parts of a run share. `deadline` is when it must leave the rest to a task."""

    lease: ModelLease
    row: OwnSync
    connection: Connection
    records: ModelRecords
    messages: Records
    outbox: Outbox
    clock: Clock
    deadline: datetime
    trace_id: str | None = None
    tally: Tally = field(default_factory=Tally)
    steps: list[OperationStep] = field(default_factory=list)
    commits: int = 0

    @property
    def connection_id(self) -> ConnectionId:
        """Whose records these are."""
        return self.connection.id

    @property
    def state(self) -> ModelSyncState:
        """The state as last written or read."""
        return self.lease.state

    @property
    def out_of_time(self) -> bool:
        """Whether the rest is a further task's."""
        return self.clock.now() >= self.deadline

    def changes(self) -> ModelChanges:
        """Start gathering a commit."""
        return ModelChanges(self.clock.now())

    def note(self, name: str, started_at: datetime, **detail: Any) -> None:
        """Remember a step for the operations log."""
        took = (self.clock.now() - started_at).total_seconds() * 1000
        self.steps.append(OperationStep(name, started_at, took, detail))

    async def commit(self, changes: ModelChanges, change: Change = lambda state: state) -> None:
        """Write the changes with the state they lead to and the events that report them.

        Raises FencedOutError: then nothing of it is written.
        """
        before, first = self.state, not self.tally.total

        def apply(state: ModelSyncState) -> ModelSyncState:
            if first and changes.tallies:
                state = state.counting_anew()
            return change(changes.applied_to(state))

        async def make(state: ModelSyncState) -> tuple[ModelSyncState, ModelBatch]:
            batch = changes.batch(self.state.sequence)
            if state.initial:
                return state, batch
            return await self._with_events(before, state, batch, changes)

        await self.lease.commit(apply, make)
        self.tally += changes.tally
        self.commits += 1

    async def _with_events(
        self,
        before: ModelSyncState,
        state: ModelSyncState,
        batch: ModelBatch,
        changes: ModelChanges,
    ) -> tuple[ModelSyncState, ModelBatch]:
        events: list[Notice] = []
        kind = SYNC_TYPES[self.row.follows]
        for model, tally in changes.tallies.items():
            event = model_event(
                before, state, model, tally, changes.now, sync_type=kind, trace_id=self.trace_id
            )
            opened = state.of(model).open_event_id
            found = await self.outbox.get(opened) if opened else None
            if found is not None and found.value.extendable:
                event = extend(found.value, event)
                events.append((event, found.version))
            else:
                events.append((event, None))
            state = state.with_model(model, replace(state.of(model), open_event_id=event.id))
        return state, replace(batch, events=events)

    async def finish(self, answered: int, scheduled_at: datetime | None) -> None:
        """Give the lease back, the run being whole; of the first, each model's event says so."""
        now = self.clock.now()

        def whole(state: ModelSyncState) -> ModelSyncState:
            return replace(
                state,
                began_at=None,
                initial=False,
                wakes_taken=max(state.wakes_taken, answered),
                scheduled_at=scheduled_at,
                last_finished_at=now,
                last_error=None,
                error_site=None,
                failing_since=None,
                failures=0,
                deferred_until=None,
            )

        async def make(state: ModelSyncState) -> tuple[ModelSyncState, ModelBatch]:
            if not self.state.initial:
                return state, ModelBatch()
            events: list[Notice] = [
                (self._first(state, model, now), None) for model in models_of(self.row)
            ]
            return state, ModelBatch(events=events)

        await self.lease.leave(whole, make)

    def _first(self, state: ModelSyncState, model: str, now: datetime) -> Event:
        tally = Tally(added=state.of(model).live)
        return model_event(
            state, state, model, tally, now, sync_type="INITIAL", trace_id=self.trace_id
        )
