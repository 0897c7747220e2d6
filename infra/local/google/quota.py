"""Units per user and minute, requests in flight per mailbox, and the count of both."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from infra.local.google.clock import Clock

PENALTY: Final = timedelta(seconds=1)
LONGEST_PENALTY: Final = timedelta(minutes=15)


class Quota:
    """A bucket of units per mailbox, refilled steadily: Gmail's per-user limit (FACTS 1.1).

    A fresh mailbox may spend a whole minute's units at once. A new limit holds at once and
    for every mailbox, which then starts with a full bucket.
    """

    def __init__(self, clock: Clock, units_per_minute: int, concurrent_requests: int) -> None:
        self._clock = clock
        self._level: dict[str, tuple[float, float]] = {}
        self._in_flight: Counter[str] = Counter()
        self._in_vain: Counter[str] = Counter()
        self.units_per_minute = units_per_minute
        self.concurrent_requests = concurrent_requests

    def limit(self, units_per_minute: int) -> None:
        """Change the limit of all users, now."""
        self.units_per_minute = units_per_minute
        self._level.clear()
        self._in_vain.clear()

    def charge(self, email: str, units: int) -> bool:
        """Spend units of a mailbox; False, and nothing spent, if they are not there."""
        now = self._clock.now().timestamp()
        level, since = self._level.get(email, (float(self.units_per_minute), now))
        level = min(self.units_per_minute, level + (now - since) * self.units_per_minute / 60)
        allowed = level >= units
        self._level[email] = (level - units if allowed else level, now)
        if allowed:
            del self._in_vain[email]
        return allowed

    def told_again(self, email: str, units: int) -> datetime:
        """Return when a refused call may be tried again: later each time it is tried in vain.

        Seen live: up to 15 minutes for a client that did not wait.
        """
        level, _ = self._level[email]
        missing = timedelta(minutes=(units - level) / self.units_per_minute)
        penalty = min(PENALTY * self._in_vain[email], LONGEST_PENALTY)
        self._in_vain[email] += 1
        return self._clock.now() + missing + penalty

    def enter(self, email: str) -> int | None:
        """Take a place among the mailbox's requests in flight; None if all are taken.

        Returns how many are then in flight. The caller that entered must leave.
        """
        if self._in_flight[email] >= self.concurrent_requests:
            return None
        self._in_flight[email] += 1
        return self._in_flight[email]

    def leave(self, email: str) -> None:
        """Give the place back."""
        self._in_flight[email] -= 1

    def reset(self, units_per_minute: int, concurrent_requests: int) -> None:
        """Start over with full buckets; requests in flight stay counted."""
        self.concurrent_requests = concurrent_requests
        self.limit(units_per_minute)


@dataclass(slots=True)
class Tally:
    """Calls served and refused. `units` are those charged; refusals are keyed by reason."""

    calls: int = 0
    units: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    max_in_flight: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as the control API shows them."""
        return {
            "calls": self.calls,
            "units": self.units,
            "refused": sum(self.refused.values()),
            "refused_by_reason": dict(self.refused),
            "max_in_flight": self.max_in_flight,
        }


class Stats:
    """What was called how often, by method, by mailbox and by both.

    `calls` counts every call that reached a method, refused ones included.
    """

    def __init__(self) -> None:
        self._cells: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
        self._in_flight: Counter[str] = Counter()

    def count_call(self, method: str, email: str, units: int) -> None:
        """Count a call and the units it was charged."""
        cell = self._cells[method, email]
        cell.calls += 1
        cell.units += units

    def count_refusal(self, method: str, email: str, reason: str) -> None:
        """Count a call answered with an error, under Google's reason."""
        self._cells[method, email].refused[reason] += 1

    def in_flight(self, email: str, count: int) -> None:
        """Remember the most requests a mailbox had in flight at once."""
        self._in_flight[email] = max(self._in_flight[email], count)

    def reset(self) -> None:
        """Forget everything."""
        self._cells.clear()
        self._in_flight.clear()

    def as_json(self) -> dict[str, Any]:
        """Return totals, then the same by method and by mailbox (with its methods)."""
        everything = Tally()
        methods: defaultdict[str, Tally] = defaultdict(Tally)
        mailboxes: defaultdict[str, Tally] = defaultdict(Tally)
        per_mailbox: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for (method, email), cell in sorted(self._cells.items()):
            for total in (everything, methods[method], mailboxes[email]):
                _add(total, cell)
            per_mailbox[email][method] = _without_flight(cell)
        for email, most in self._in_flight.items():
            mailboxes[email].max_in_flight = most
        everything.max_in_flight = max(self._in_flight.values(), default=0)
        return {
            **everything.as_json(),
            "methods": {name: _without_flight(tally) for name, tally in methods.items()},
            "mailboxes": {
                email: {**tally.as_json(), "methods": per_mailbox[email]}
                for email, tally in mailboxes.items()
            },
        }


def _add(total: Tally, cell: Tally) -> None:
    total.calls += cell.calls
    total.units += cell.units
    total.refused.update(cell.refused)


def _without_flight(tally: Tally) -> dict[str, Any]:
    return {name: value for name, value in tally.as_json().items() if name != "max_in_flight"}
