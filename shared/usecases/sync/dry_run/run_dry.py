"""Run an own sync as its task would, and store nothing of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.models.state import ModelSyncState, state_id
from shared.domain.models.sync import OwnSync, OwnSyncs
from shared.domain.operation import Operation
from shared.domain.sync.state import SyncStatus
from shared.errors import InvalidRequestError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned
from shared.ports.queue import Task
from shared.usecases.sync.dry_run.overlay import OverRecords, OverState, SeenCommit
from shared.usecases.sync.dry_run.recorders import (
    RecordedApis,
    RecordedGmail,
    RecordedOutside,
    SeenRequest,
)
from shared.usecases.sync.models.run_sync import Ran, RunSync

SLICE: Final = timedelta(seconds=20)
"""Between two looks at the time: a sync goes on from its commits."""
Tell = Callable[[SeenRequest | SeenCommit], None]


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """How it ended: an error's code and place in own code, or that time was up."""

    error: str | None = None
    site: str | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class DryRunSync:
    """Reads Google and the store as the sync does; what it writes is told, and forgotten.

    A refusal for its rate is kept for the other instances to see, as of any call to Google.
    """

    runner: RunSync
    clock: Clock

    async def __call__(
        self,
        connection: Connection,
        row: OwnSync,
        tell: Tell,
        *,
        from_start: bool = False,
        budget: timedelta,
    ) -> DryRunResult:
        """Run it to its end, or until `budget` is spent.

        Raises InvalidRequestError where the connection is not active.
        """
        if connection.status is not ConnectionStatus.ACTIVE:
            raise InvalidRequestError(f"The connection is {connection.status.value}: no sync runs.")
        start = await self._start(connection, row, from_start=from_start)
        records = OverRecords(self.runner.records)
        states = OverState(Versioned(start, "0"), records, tell)
        runner = self._over(row, states, records, tell)
        ends_at = self.clock.now() + budget
        while self.clock.now() < ends_at:
            ran = await runner(connection.id, row.name, budget=SLICE)
            now = states.state.value
            if not isinstance(ran, Ran):
                raise InvalidRequestError(f"{row.name}: version {now.version} has run already.")
            if ran.error is not None:
                return DryRunResult(ran.error, now.error_site, whole=False)
            if ran.due is None or ran.due > self.clock.now():
                return DryRunResult()
        return DryRunResult(whole=False)

    async def _start(
        self, connection: Connection, row: OwnSync, *, from_start: bool
    ) -> ModelSyncState:
        """Return the state as a run finds it that nothing holds back: no pause, lease or wait."""
        now = self.clock.now()
        stored = await self.runner.states.get(state_id(connection.id, row.name))
        state = ModelSyncState(connection.id, row.name) if stored is None else stored.value
        free = replace(state, status=SyncStatus.RUNNING, lease=None, deferred_until=None)
        return free.afresh(now) if from_start else free.with_wake(now)

    def _over(self, row: OwnSync, states: Any, records: Any, tell: Tell) -> RunSync:
        own = self.runner.own
        gmail: Any = RecordedGmail(own.gmail, tell)  # own syncs call, and use nothing else of it
        reach = replace(
            own.reach,
            google=RecordedApis(own.reach.google, tell),
            outside=RecordedOutside(own.reach.outside, tell),
        )
        unlogged: Any = Unlogged()
        return replace(
            self.runner,
            syncs=OwnSyncs((row,)),
            states=states,
            records=records,
            adopt=replace(self.runner.adopt, states=states),
            own=replace(own, gmail=gmail, reach=reach),
            operations=unlogged,
            queue=Unqueued(),
        )


class Unqueued:
    """A queue that drops its tasks: the next slice is run here."""

    async def enqueue(self, task: Task) -> None:
        """Drop it."""


class Unlogged:
    """An operations log that nothing is kept in: nothing happened."""

    async def append(self, *operations: Operation) -> None:
        """Drop them."""
