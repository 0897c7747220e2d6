"""What concerns the whole deployment and an operator has to end, for every process to see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from shared.domain.ids import ConnectionId

BOARD: Final = "deployment"
"""The id of the one board."""
SHOWN_FOR: Final = timedelta(minutes=70)
"""After it was last met: longer than the longest wait between two looks of a sync."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One trouble; `connection_id` is one that met it, `told` Google's own code for it."""

    since: datetime
    seen_at: datetime
    connection_id: ConnectionId | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class TroubleBoard:
    """Open troubles by code, and those that are over but whose connections still wait."""

    id: str = BOARD
    open: Mapping[str, Trouble] = field(default_factory=dict)
    ended: Mapping[str, datetime] = field(default_factory=dict)
    schema_version: int = 1

    def lasting(self, now: datetime) -> Mapping[str, Trouble]:
        """Return the troubles that were met lately."""
        return {code: one for code, one in self.open.items() if now - one.seen_at < SHOWN_FOR}

    def with_met(self, met: Mapping[str, Trouble]) -> "TroubleBoard":
        """Return it with what was met; since when is kept where it never ended."""
        known = {code: self.open[code].since for code in met if code in self.open}
        fresh = {code: replace(one, since=known.get(code, one.since)) for code, one in met.items()}
        ended = {code: at for code, at in self.ended.items() if code not in met}
        return replace(self, open={**self.open, **fresh}, ended=ended)

    def without(self, worked: Mapping[str, datetime]) -> "TroubleBoard":
        """Return it with those over that worked after they were last met."""
        over = {
            code: at
            for code, at in worked.items()
            if code in self.open and at >= self.open[code].seen_at
        }
        left = {code: one for code, one in self.open.items() if code not in over}
        return replace(self, open=left, ended={**self.ended, **over})

    def without_end(self, code: str, at: datetime) -> "TroubleBoard":
        """Return it once everything that waited for the end at that time was woken."""
        left = {one: when for one, when in self.ended.items() if (one, when) != (code, at)}
        return replace(self, ended=left)


@dataclass(slots=True)
class TroubleNotes:
    """What this process has met and seen working, until it is written to the board."""

    met_since: dict[str, Trouble] = field(default_factory=dict)
    worked_since: dict[str, datetime] = field(default_factory=dict)
    board: TroubleBoard = field(default_factory=TroubleBoard)
    """As last read."""
    read_at: datetime | None = None

    def note_trouble(
        self, code: str, now: datetime, connection_id: ConnectionId | None = None, told: str = ""
    ) -> None:
        """Note that the whole deployment was refused."""
        self.met_since[code] = Trouble(now, now, connection_id, told)
        self.worked_since.pop(code, None)

    def note_success(self, code: str, now: datetime) -> None:
        """Note that what the trouble forbids was done; costs nothing while there is none."""
        if code in self.board.open:
            self.worked_since[code] = now
        self.met_since.pop(code, None)
