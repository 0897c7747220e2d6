"""How much of this instance each receiver holds, and which receivers wait.

It lives in memory: an instance bounds what it has in flight by itself, and the queue is given as
many places as all instances have together (`infra/terraform/main.tf`), so a receiver's share holds
across them without a read or a write. A push's own attempts have places in its instance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.bounded import BoundedMap
from shared.domain.events.delivery import LONGEST_WAIT, UNASKED, Attempted, Failure
from shared.ports.clock import Clock
from shared.ports.sinks import Receiver

PLACES = 40
"""Attempts of an instance, among which a receiver has a share."""
SHARE = PLACES // 10
UNPROVEN = PLACES // 2
"""Of all receivers together that have not answered here: a hundred dead names leave the rest."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
FARTHEST_TURN = timedelta(minutes=1)
HANGS = frozenset({Failure.TIMEOUT, Failure.UNRESOLVED})
"""What an attempt waited for in vain: it held its place all the while."""
MOST_KNOWN = 1_000
"""Receivers that are remembered."""


@dataclass(frozen=True, slots=True)
class Place:
    """One attempt in flight."""

    origin: str
    address: str
    begun: datetime


@dataclass(slots=True)
class _Health:
    """What an address has shown: when it answered, when it did not, and how long it waits."""

    answered_at: datetime | None = None
    hung_at: datetime | None = None
    pause: timedelta = timedelta(0)
    until: datetime | None = None


@dataclass
class Places:
    """A receiver's share is counted by scheme, host and port, its pauses by its whole address."""

    clock: Clock
    _taken: list[Place] = field(default_factory=list)
    _took: BoundedMap[str, timedelta] = field(default_factory=lambda: BoundedMap(MOST_KNOWN))
    """Per origin that has answered, how long its last attempt took."""
    _turns: BoundedMap[str, datetime] = field(default_factory=lambda: BoundedMap(MOST_KNOWN))
    _healths: BoundedMap[str, _Health] = field(default_factory=lambda: BoundedMap(MOST_KNOWN))

    def waits_until(self, address: str) -> datetime | None:
        """Return until when the address is left alone, None where it is not."""
        found = self._healths.get(address)
        until = found.until if found else None
        return until if until is not None and until > self.clock.now() else None

    def take(self, receivers: Mapping[str, Receiver]) -> Mapping[str, Place]:
        """Take a place for each receiver that may have one more, by its name."""
        taken = {}
        for name, receiver in receivers.items():
            if self._has_room(receiver):
                taken[name] = Place(receiver.origin, receiver.address, self.clock.now())
                self._taken.append(taken[name])
        return taken

    def leave(self, place: Place, attempted: Attempted | None = None) -> None:
        """Give a place back, with what its attempt came to if it was made."""
        self._taken.remove(place)
        if attempted is None or attempted.failure in UNASKED:
            return
        health = self._healths.setdefault(place.address, _Health())
        if attempted.failure in HANGS:
            self._note_hung(place, health)
        else:
            self._answer(place, health, attempted)

    def turn(self, receiver: Receiver) -> datetime:
        """Return when to come again for a place: one after the other, as places become free."""
        now, origin = self.clock.now(), receiver.origin
        oldest = min((one.begun for one in self._taken if one.origin == origin), default=now)
        pace = max(self._took.get(origin, timedelta(seconds=1)), now - oldest) / SHARE
        turn = max(self._turns.get(origin, now), now) + pace
        self._turns[origin] = min(turn, now + FARTHEST_TURN)
        return self._turns[origin]

    def _has_room(self, receiver: Receiver) -> bool:
        health = self._healths.get(receiver.address)
        if health is not None and health.pause:  # after a pause one attempt shows the rest
            return not any(one.address == receiver.address for one in self._taken)
        if receiver.origin not in self._took:
            unproven = sum(one.origin not in self._took for one in self._taken)
            if unproven >= UNPROVEN:
                return False
        return sum(one.origin == receiver.origin for one in self._taken) < SHARE

    def _answer(self, place: Place, health: _Health, attempted: Attempted) -> None:
        now = self.clock.now()
        health.answered_at, health.pause, health.until = now, timedelta(0), None
        self._took[place.origin] = now - place.begun
        if attempted.failure is Failure.THROTTLED and attempted.retry_after:
            health.until = now + min(attempted.retry_after, LONGEST_WAIT)

    def _note_hung(self, place: Place, health: _Health) -> None:
        """Let the address wait, unless it answered another attempt meanwhile."""
        now = self.clock.now()
        if health.answered_at is not None and health.answered_at > place.begun:
            return
        if health.hung_at is None or place.begun >= health.hung_at or not health.pause:
            health.pause = min(max(FIRST_PAUSE, health.pause * 2), LONGEST_PAUSE)
            health.hung_at, health.until = now, now + health.pause
        self._took.pop(place.origin, None)
