"""What a mailbox's calls cost, and how much it was when Gmail refused one: for the observations.

The allowance and the requests at once are guesses until a mailbox met them (FACTS 1.1, 1.8). A
process knows its own calls only, so what it notes is the least that a refusal came at.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.domain.google.observations import Amount, Duration, Sightings
from shared.domain.sync.quota_units import units_of
from shared.errors import RateLimitedError, TooManyConcurrentError
from shared.ports.clock import Clock

MINUTE: Final = timedelta(minutes=1)
MOST_KEPT: Final = 2_000
"""Calls of a minute that are remembered: more than the allowance pays for."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A call: when it began, its quota units, its mailbox's calls then in flight, itself too."""

    at: datetime
    units: int
    at_once: int


@dataclass(slots=True)
class Spending:
    """The calls of one mailbox within the last minute, in this process."""

    clock: Clock
    sightings: Sightings
    _spent: deque[tuple[datetime, int]] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    _refused_at: datetime | None = None

    def begin(self, method: str, path: str, at_once: int) -> Begun:
        """Note what a call costs; `path` is below the mailbox, with or without a query."""
        units = units_of(method, path.partition("?")[0]) or 0
        begun = Begun(self.clock.now(), units, at_once)
        self._note(begun.at, units)
        return begun

    def note_refusal(self, error: RateLimitedError, begun: Begun, at_once: int) -> None:
        """Note what it came at; a limit of a day, of sending or of the project says nothing here.

        What the refused call would have cost is not among the units spent. `at_once` is how many
        are in flight as the refusal comes.
        """
        now = self.clock.now()
        self._note(now, -begun.units)
        if isinstance(error, TooManyConcurrentError):
            most = max(begun.at_once, at_once)
            self.sightings.measure_amount(Amount.AT_ONCE_AT_REFUSAL, most)
        elif error.scope == "user":
            spent = sum(units for _, units in self._spent)
            self.sightings.measure_amount(Amount.UNITS_AT_REFUSAL, max(0, spent))
            self._refused_at = self._refused_at or now
            if error.retry_after is not None:
                self.sightings.measure(Duration.WAIT_TOLD, error.retry_after)

    def note_success(self, begun: Begun) -> None:
        """Note how long after a refusal a call passed; one that was under way tells nothing."""
        if self._refused_at is not None and begun.at > self._refused_at:
            self.sightings.measure(Duration.WAIT_ENOUGH, begun.at - self._refused_at)
            self._refused_at = None

    def _note(self, at: datetime, units: int) -> None:
        self._spent.append((at, units))
        while at - self._spent[0][0] > MINUTE:
            self._spent.popleft()
