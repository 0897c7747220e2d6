"""What every store does alike in a search: it reads candidates in steps and keeps what fits."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.ids import MessageId
from shared.domain.sync.records.record import RecordHead
from shared.ports.sync_store import SEARCHED, SearchQuery

STEP = 100
"""Candidates read at once, where not all of them can fit."""
Below = tuple[datetime, MessageId] | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A live record's head and terms."""

    head: RecordHead
    terms: Collection[str]

    @property
    def place(self) -> tuple[datetime, MessageId]:
        """Where the search goes on below it."""
        return self.head.internal_date, self.head.message_id


ReadCandidates = Callable[[Below, int], Awaitable[Sequence[Candidate]]]
"""Reads up to so many candidates below a place, newest first."""


@dataclass(frozen=True, slots=True)
class FoundHeads:
    """The heads that fit, and where to go on."""

    heads: Sequence[RecordHead]
    before: Below
    complete: bool


async def find_heads(query: SearchQuery, read: ReadCandidates) -> FoundHeads:
    """Return the newest heads that fit, after reading at most SEARCHED candidates."""
    found: list[RecordHead] = []
    seen, place, step = 0, query.before, min(query.limit, STEP)
    while seen < SEARCHED:
        asked = min(step, SEARCHED - seen)
        candidates = await read(place, asked)
        for one in candidates:
            place = one.place
            if query.fits(one.head, one.terms):
                found.append(one.head)
                if len(found) == query.limit:
                    return FoundHeads(found, place, complete=True)
        if len(candidates) < asked:
            return FoundHeads(found, None, complete=True)
        seen, step = seen + len(candidates), STEP
    return FoundHeads(found, place, complete=False)
