"""Deployment-wide trouble that a process met: written down for every other to see."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.trouble_board import BOARD, TroubleBoard, TroubleNotes
from shared.errors import AlreadyExistsError, ConflictError, CorruptStateError, TransientError
from shared.ports.clock import Clock
from shared.ports.documents import until_written
from shared.ports.telemetry import Troubles

Change = Callable[[TroubleBoard], TroubleBoard]
log = logging.getLogger(__name__)
READ_EVERY: Final = timedelta(minutes=1)
TOLD_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ReportTroubles:
    """Writes what this process noted to the board, at most once a minute each; reads it as often.

    The log line is what the alert counts.
    """

    troubles: Troubles
    notes: TroubleNotes
    clock: Clock

    async def __call__(self) -> None:
        """Never fail the request it follows."""
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
        notes.board = await self._write(lambda was: was.with_met(met).without(worked))

    def _is_news(self, code: str, now: datetime) -> bool:
        known = self.notes.board.open.get(code)
        return known is None or now - known.seen_at >= TOLD_EVERY

    async def _read(self) -> None:
        found = await self.troubles.get(BOARD)
        self.notes.board = found.value if found else TroubleBoard()
        self.notes.read_at = self.clock.now()

    async def _write(self, change: Change) -> TroubleBoard:
        async def attempt() -> TroubleBoard:
            was = await self.troubles.get(BOARD)
            if was is None:
                with suppress(AlreadyExistsError):
                    return (await self.troubles.create(change(TroubleBoard()))).value
                raise ConflictError("Another process made the board.")
            now = change(was.value)
            return now if now == was.value else (await self.troubles.swap(was, now)).value

        return await until_written(attempt)
