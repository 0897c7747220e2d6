"""The real sync code as a transition table: a standpoint and an answer give the next standpoint.

Each worker is the coroutine of the real `SyncMailbox` (or `ControlSync.trigger`). Every call of a
port suspends it with a request; the model answers when it pleases. A step taken once from a
standpoint (`continuation`) is remembered, so the search over interleavings runs on table look-ups.
Workers are left suspended where they came to: a step from there is taken by one of them, and only
where none is left by one that is brought there anew, through all that another was answered.
"""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from types import CoroutineType
from typing import Any, NamedTuple

from shared.domain.sync.state import SyncState, Tally
from shared.errors import (
    ConflictError,
    GmailUnavailableError,
    PostroomError,
    QueueUnavailableError,
    StoreUnavailableError,
)
from shared.ports.documents import Versioned
from shared.ports.google.gmail import HistoryPage
from shared.usecases.sync.outcomes import LostLease
from tests.chaos.continuation import Name, Standpoint, names_of
from tests.chaos.lease_ports import MESSAGE, Request, UseCases, head, record

QUOTA = {"pace", "paces", "spent", "spent_before", "_ready_at"}
"""Live mail never waits for it."""
REPORTS = {
    *{"started", "steps", "tally", "last_tally", "trace_id", "pushed", "lateness_ms"},
    "sightings",
}
"""What is told, and decides nothing."""
IGNORED = frozenset(QUOTA | REPORTS)
NOWHERE = -1
"""The point of a worker that is about to start."""

Answer = tuple[Any, ...]
Fresh = Callable[[], tuple[Name, ...]]
"""Unused random names; called only where a step may draw some."""
ERRORS: Mapping[str, Callable[[str], PostroomError]] = {
    "conflict": ConflictError,
    "store down": StoreUnavailableError,
    "queue down": QueueUnavailableError,
    "gmail down": GmailUnavailableError,
}


class Point(NamedTuple):
    """A suspended worker: what it asks, when it last read the clock, the names it knows."""

    request: Request
    asked_at: int
    names: frozenset[Name]


class Ended(NamedTuple):
    """A worker's end: `done` counts as acknowledged, anything else comes again."""

    done: bool
    fenced: bool


class Turn(NamedTuple):
    """What a worker was answered, when, and the random names it might draw then."""

    answer: Answer
    now: int
    fresh: tuple[Name, ...]


class Step(NamedTuple):
    """How many random names a step draws, and where it ends by each choice of them.

    How many it draws does not hang on which: a name is only compared, and a fresh one equals none.
    """

    draws: int
    ends: dict[tuple[Name, ...], int | Ended]


class Actor(NamedTuple):
    """A coroutine, and what brought it to where it stands."""

    coroutine: Coroutine[Any, Any, Any]
    past: tuple[Turn, ...] = ()


class Actors:
    """Starts and resumes workers; a step taken twice is looked up the second time."""

    def __init__(self) -> None:
        """Begin with an empty table."""
        self.documents: list[SyncState] = []
        self.points: list[Point] = []
        self._numbers: dict[SyncState, int] = {}
        self._names: list[frozenset[Name]] = []
        self._known: dict[Any, int] = {}
        self._pasts: list[tuple[Turn, ...]] = []
        self._others: dict[int, tuple[Turn, ...]] = {}
        self._waiting: defaultdict[int, list[Actor]] = defaultdict(list)
        self._steps: dict[tuple[int, Answer, int], Step] = {}
        self._use_cases = UseCases()
        self._fresh: tuple[Name, ...] = ()
        self._drawn = 0

    @property
    def steps(self) -> int:
        """How many different steps of the real code were run."""
        return sum(len(step.ends) for step in self._steps.values())

    def document(self, state: SyncState) -> int:
        """Return the number of a state; what only a person reads is left out of it."""
        state = replace(
            state,
            last_tally=Tally(),
            last_delta_at=None,
            last_finished_at=None,
            last_error=None,
            unannounced_at=None,
            open_event_id=None,
            live_records=0,
            skipped_unknown=0,
        )
        number = self._numbers.setdefault(state, len(self.documents))
        if number == len(self.documents):
            self.documents.append(state)
            self._names.append(frozenset(names_of(state)))
        return number

    def names(self, document: int) -> frozenset[Name]:
        """Return the random names in a state."""
        return self._names[document]

    def token_hex(self, _: int) -> Name:
        """Stand for `secrets.token_hex`: the next name that nobody knows."""
        self._drawn += 1
        return self._fresh[self._drawn - 1]

    def start(self, origin: tuple[Any, ...], now: int, fresh: Fresh) -> int | Ended:
        """Start a worker on a push, a task or a trigger."""
        kind = origin if origin[0] == "push" else origin[:1]
        return self.resume(NOWHERE, kind, now, fresh)

    def resume(self, point: int, answer: Answer, now: int, fresh: Fresh) -> int | Ended:
        """Return what a worker does with the answer to its request."""
        step = self._steps.get((point, answer, now))
        if step is None:
            names = fresh()
            end = self._end(self._actor_at(point, answer), Turn(answer, now, names))
            step = self._steps[point, answer, now] = Step(self._drawn, {})
            step.ends[names[: step.draws]] = end
            return end
        drawn = fresh()[: step.draws] if step.draws else ()
        if drawn not in step.ends:
            step.ends[drawn] = self._end(self._actor_at(point, answer), Turn(answer, now, drawn))
        return step.ends[drawn]

    def compare_alike(self) -> int:
        """Take each step again from where two came in different ways; return how many agree."""
        compared = 0
        for (point, answer, now), step in list(self._steps.items()):
            for fresh, end in step.ends.items() if point in self._others else ():
                turn = Turn(answer, now, fresh)
                for past in (self._pasts[point], self._others[point]):
                    again = self._end(self._actor_after(past), turn)
                    assert again == end, "standpoints that look alike go on differently"
                compared += 1
        return compared

    def _actor_at(self, point: int, answer: Answer) -> Actor:
        if point == NOWHERE:
            return Actor(self._use_cases.worker(answer))
        if self._waiting[point]:
            return self._waiting[point].pop()
        return self._actor_after(self._pasts[point])

    def _actor_after(self, past: tuple[Turn, ...]) -> Actor:
        """Return a new worker after it was answered all this."""
        coroutine = self._use_cases.worker(past[0].answer)
        for turn in past:
            self._request(coroutine, turn)
        return Actor(coroutine, past)

    def _end(self, actor: Actor, turn: Turn) -> int | Ended:
        """Give a worker an answer, and return where it stands then."""
        try:
            request = self._request(actor.coroutine, turn)
        except StopIteration as end:
            return Ended(done=True, fenced=isinstance(end.value, LostLease))
        except PostroomError:
            return Ended(done=False, fenced=False)
        taken = turn._replace(fresh=turn.fresh[: self._drawn])
        return self._point(Actor(actor.coroutine, (*actor.past, taken)), request, turn.now)

    def _request(self, coroutine: Coroutine[Any, Any, Any], turn: Turn) -> Request:
        """Give a worker an answer, and return what it asks next."""
        self._use_cases.clock.at, self._fresh, self._drawn = turn.now, turn.fresh, 0
        error = ERRORS.get(turn.answer[0])
        request: Request = (
            coroutine.throw(error("the model says so"))
            if error is not None
            else coroutine.send(self._value(turn.answer))
        )
        return request

    def _point(self, actor: Actor, request: Request, now: int) -> int:
        assert isinstance(actor.coroutine, CoroutineType)
        if request[0] in {"swap", "commit"}:
            kind, was, state, heads = request
            request = (kind, was, self.document(state), heads)
        standpoint = Standpoint(IGNORED)
        frozen = (request, now, standpoint.of(actor.coroutine))
        number = self._known.setdefault(frozen, len(self.points))
        if number == len(self.points):
            self.points.append(Point(request, now, frozenset(standpoint.names)))
            self._pasts.append(actor.past)
        elif actor.past != self._pasts[number]:
            self._others.setdefault(number, actor.past)
        self._waiting[number].append(actor)
        return number

    def _value(self, answer: Answer) -> Any:
        kind, *rest = answer
        if kind == "document":
            return Versioned(self.documents[rest[0]], str(rest[0]))
        if kind == "history":
            shown, top, more = rest
            return HistoryPage([record(change) for change in shown], top, more)
        if kind == "heads":
            return {MESSAGE.id: head(rest[0])}
        return None
