"""Deployment-wide trouble: written down for every process, asked about, and its end passed on."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.connect.connection import Connection
from shared.domain.google_refusals import Concern
from shared.domain.ids import ConnectionId
from shared.domain.send.entry import SendState
from shared.domain.sync.state import SyncState, SyncStatus
from shared.domain.trouble_board import BOARD, TroubleBoard, TroubleNotes
from shared.domain.troubles import CODES
from shared.errors import (
    AlreadyExistsError,
    ConflictError,
    CorruptStateError,
    StoreUnavailableError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned, until_written, update, walk_until
from shared.ports.queue import Queue
from shared.ports.sends import Sends
from shared.ports.sync_store import SyncStates
from shared.ports.troubles import Troubles
from shared.usecases.send.held import WakeHeld
from shared.usecases.sync.task import sync_task

Change = Callable[[TroubleBoard], TroubleBoard]
Page = Sequence[Versioned[Connection]]
log = logging.getLogger(__name__)
READ_EVERY: Final = timedelta(minutes=1)
TOLD_EVERY: Final = timedelta(minutes=1)
BUDGET: Final = timedelta(seconds=40)
MOST_HELD: Final = 200


@dataclass(frozen=True, slots=True)
class ReportTroubles:
    """Writes what this process noted to the board, at most once a minute each; reads it as often.

    The log line is what the alert counts.
    """

    troubles: Troubles
    notes: TroubleNotes
    clock: Clock

    async def __call__(self) -> None:
        """Never fail the request it follows: what could not be written is written after the next."""
        with suppress(TransientError, CorruptStateError):
            await self._report()

    async def board(self) -> TroubleBoard:
        """Return the board as it is now, as last read where the store does not answer."""
        with suppress(TransientError, CorruptStateError):
            await self._read()
        return self.notes.board

    async def _report(self) -> None:
        notes, now = self.notes, self.clock.now()
        if notes.read_at is None or now - notes.read_at >= READ_EVERY:
            await self._read()
        met = {code: one for code, one in notes.met_since.items() if self._is_news(code, now)}
        notes.met_since.clear()
        worked = {**notes.worked_since}
        notes.worked_since.clear()
        if not met and not worked:
            return
        for code, one in met.items():
            extra = {"code": code, "connection": one.connection_id, "reason": one.told}
            log.error("deployment trouble", extra=extra)
        for code in worked:
            log.warning("deployment trouble is over", extra={"code": code})
        notes.board = await self._written(lambda was: was.with_met(met).without(worked))

    def _is_news(self, code: str, now: datetime) -> bool:
        known = self.notes.board.open.get(code)
        return known is None or now - known.seen_at >= TOLD_EVERY

    async def _read(self) -> None:
        found = await self.troubles.get(BOARD)
        self.notes.board = found.value if found else TroubleBoard()
        self.notes.read_at = self.clock.now()

    async def _written(self, change: Change) -> TroubleBoard:
        async def attempt() -> TroubleBoard:
            was = await self.troubles.get(BOARD)
            if was is None:
                with suppress(AlreadyExistsError):
                    return (await self.troubles.create(change(TroubleBoard()))).value
                raise ConflictError("Another process made the board.")
            now = change(was.value)
            return now if now == was.value else (await self.troubles.swap(was, now)).value

        return await until_written(attempt)


@dataclass(frozen=True, slots=True)
class EndTroubles:
    """Asks through one connection whether a trouble is over; then wakes all that waited for it.

    Each connection's own looks grow rarer up to one an hour: this is why none waits for that.
    """

    troubles: Troubles
    connections: Connections
    states: SyncStates
    sends: Sends
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
            await update(self.troubles, BOARD, lambda was, one=(code, at): was.woken(*one))
        return woken

    async def _wake(self, code: str) -> int:
        """Raise what the store raises: the next run begins again, and finds fewer that wait."""

        async def visit(page: Page, total: int) -> int:
            return total + await self._freed(page[0].value.id, code)

        deadline = self.clock.now() + BUDGET
        total, whole = await walk_until(deadline, self.clock, self.connections, visit, 0)
        for entry in await self.sends.list(None, MOST_HELD, state=SendState.HELD):
            if entry.hold is not None and entry.hold.concern is Concern.DEPLOYMENT:
                await WakeHeld(self.sends, self.queue, self.clock)(entry.connection_id)
        if not whole:
            raise StoreUnavailableError("Not all that waited could be woken yet.")
        return total

    async def _freed(self, id: ConnectionId, code: str) -> bool:
        found = await self.states.get(id)
        if found is None or found.value.last_error != code:
            return False
        await self._look(id)
        return True

    async def _look(self, id: ConnectionId) -> None:
        now = self.clock.now()

        def looking(was: SyncState) -> SyncState | None:
            stuck = was.status is SyncStatus.RUNNING and CODES.get(was.last_error or "")
            if stuck is not Concern.DEPLOYMENT or was.held(now):
                return None
            return was.looked_at(now).wanting_look().due_by(now)

        if await update(self.states, id, looking) is not None:
            await self.queue.enqueue(sync_task(id))
