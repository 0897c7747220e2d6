"""Find out that deployment-wide trouble is over, and wake all that waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from shared.domain.connect.connection import Connection
from shared.domain.google.refusals import Concern
from shared.domain.ids import ConnectionId
from shared.domain.send.entry import SendState
from shared.domain.sync.state import SyncState, SyncStatus
from shared.domain.trouble_board import BOARD, TroubleBoard
from shared.errors import StoreUnavailableError
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned, update, walk_until
from shared.ports.queue import Queue
from shared.ports.sends import HeldSends, Sends
from shared.ports.sync_store import SyncStates
from shared.ports.telemetry import Troubles
from shared.usecases.sync.task import sync_task

Page = Sequence[Versioned[Connection]]
BUDGET: Final = timedelta(seconds=40)
MOST_HELD: Final = 200


def _without_end(code: str, at: datetime, was: TroubleBoard) -> TroubleBoard:
    return was.without_end(code, at)


@dataclass(frozen=True, slots=True)
class EndTroubles:
    """Asks through one connection whether a trouble is over; then wakes all that waited for it.

    Each connection's own looks grow rarer up to one an hour: this is why none waits for that.
    """

    troubles: Troubles
    connections: Connections
    states: SyncStates
    sends: Sends
    wake_held: HeldSends
    queue: Queue
    clock: Clock

    async def __call__(self) -> int:
        """Return how many connections were woken. Raises StoreUnavailableError."""
        found = await self.troubles.get(BOARD)
        if found is None:
            return 0
        for one in found.value.lasting(self.clock.now()).values():
            if one.connection_id is not None:
                await self._look(one.connection_id)
        woken = 0
        for code, at in found.value.ended.items():
            woken += await self._wake(code)
            await update(self.troubles, BOARD, partial(_without_end, code, at))
        return woken

    async def _wake(self, code: str) -> int:
        """Raise what the store raises: the next run begins again, and finds fewer that wait."""

        async def visit(page: Page, total: int) -> int:
            return total + await self._free(page[0].value.id, code)

        deadline = self.clock.now() + BUDGET
        total, whole = await walk_until(deadline, self.clock, self.connections, visit, 0)
        for entry in await self.sends.list(None, MOST_HELD, state=SendState.HELD):
            if entry.hold is not None and entry.hold.concern is Concern.DEPLOYMENT:
                await self.wake_held(entry.connection_id)
        if not whole:
            raise StoreUnavailableError("Not all that waited could be woken yet.")
        return total

    async def _free(self, id: ConnectionId, code: str) -> bool:
        found = await self.states.get(id)
        if found is None or found.value.last_error != code:
            return False
        await self._look(id)
        return True

    async def _look(self, id: ConnectionId) -> None:
        now = self.clock.now()

        def looking(was: SyncState) -> SyncState | None:
            if was.status is not SyncStatus.RUNNING or was.is_held(now):
                return None
            return was.looked_at(now).wanting_look().due_by(now)

        if await update(self.states, id, looking) is not None:
            await self.queue.enqueue(sync_task(id))
