"""Agents that run in a circle: the same call with the same answer, again and again.

Counted in this process alone and for a while: it is a hint to the model, never a refusal.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.ports.clock import Clock

REPEATS_UNREMARKED: Final = 3
"""So often a call is answered the same before the hint comes with it."""
REMEMBERED: Final = timedelta(minutes=10)
MOST: Final = 2_000
HINT: Final = (
    "This is answer {count} to the same call, and nothing changed between: calling again brings "
    "nothing new. Use what you have, change the arguments, or tell your user what is missing."
)


@dataclass(frozen=True, slots=True)
class _Seen:
    answer: str
    count: int
    at: datetime


@dataclass(frozen=True)
class RepeatedCalls:
    """Counts calls and what they answered, by digests alone."""

    clock: Clock
    _seen: OrderedDict[str, _Seen] = field(default_factory=OrderedDict, repr=False)

    def hint(self, call: str, answer: str) -> str | None:
        """Count a call and its answer, both as digests; return what to tell the model of it."""
        now = self.clock.now()
        before = self._seen.pop(call, None)
        same = before is not None and before.answer == answer and now - before.at < REMEMBERED
        count = before.count + 1 if before is not None and same else 1
        self._seen[call] = _Seen(answer, count, now)
        while len(self._seen) > MOST:
            self._seen.popitem(last=False)
        return HINT.format(count=count) if count > REPEATS_UNREMARKED else None
