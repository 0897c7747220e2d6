"""The real sync code as a transition table: a standpoint and an answer give the next standpoint.

Each worker is the coroutine of the real `SyncMailbox` (or `ControlSync.trigger`). Every call of a
port suspends it with a request; the model answers when it pleases. A step taken once from a
standpoint (`continuation`) is remembered, so the search over interleavings runs on table look-ups.
"""

from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from types import CoroutineType
from typing import Any, NamedTuple

from shared.domain.ids import (
    LARGEST_HISTORY_ID,
    ConnectionId,
    HistoryId,
    LabelId,
    MessageId,
    PageToken,
    ThreadId,
)
from shared.domain.ids import SequenceNumber as Number
from shared.domain.sync.history import HistoryMessage, HistoryRecord, LabelChange
from shared.domain.sync.records.record import Origin, RecordHead
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
from shared.ports.queue import Task
from shared.ports.sync_store import Batch
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.handle_push import PUSH_BUDGET
from shared.usecases.sync.outcomes import LostLease
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.work.pace import QuotaGovernor
from tests.chaos.continuation import Name, Port, Standpoint, names_of

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
CONNECTION = ConnectionId("c")
MESSAGE = HistoryMessage(MessageId("m"), ThreadId("t"))
FIRST_CHECKPOINT = 10
UNITS = 10**9
TASK_BUDGET = timedelta(minutes=4)
QUOTA = {"pace", "paces", "spent", "spent_before", "_ready_at"}
"""Live mail never waits for it."""
REPORTS = {
    *{"started", "steps", "tally", "last_tally", "trace_id", "pushed", "lateness_ms"},
    "sightings",
}
"""What is told, and decides nothing."""
IGNORED = frozenset(QUOTA | REPORTS)

Request = tuple[Any, ...]
Answer = tuple[Any, ...]
ERRORS: Mapping[str, Callable[[str], PostroomError]] = {
    "conflict": ConflictError,
    "store down": StoreUnavailableError,
    "queue down": QueueUnavailableError,
    "gmail down": GmailUnavailableError,
}


def seconds(moment: datetime) -> int:
    """Return a moment as the model's clock counts: nothing comes before its time."""
    return ceil((moment - EPOCH).total_seconds())


def history_id(change: int) -> HistoryId:
    """Return the history ID of the change with this number, counted from 0."""
    return HistoryId(FIRST_CHECKPOINT + 10 * (change + 1))


def label(change: int) -> LabelId:
    """Return the label by which a change shows on the record."""
    return LabelId(f"L{change}")


class Point(NamedTuple):
    """A suspended worker: what it asks, when it last read the clock, the names it knows."""

    request: Request
    asked_at: int
    names: frozenset[Name]


class Ended(NamedTuple):
    """A worker's end: `done` counts as acknowledged, anything else comes again."""

    done: bool
    fenced: bool


class _Asked:
    """Awaiting it suspends the worker until the model answers."""

    def __init__(self, *request: Any) -> None:
        self._request = request

    def __await__(self) -> Generator[Request, Any, Any]:
        return (yield self._request)


class _Clock(Port):
    def __init__(self) -> None:
        self.at = 0

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.at)

    async def sleep(self, duration: timedelta) -> None:
        """Take no time: the model lets time pass wherever it wants."""


class _Store(Port):
    """SyncStates, Records, Quarantine, Outbox and Operations, as far as a sync asks them."""

    async def get(self, *_: Any) -> Any:
        return await _Asked("get")

    async def swap(self, was: Versioned[SyncState], now: SyncState) -> Any:
        return await _Asked("swap", int(was.version), now, None)

    async def commit(self, was: Versioned[SyncState], now: SyncState, batch: Batch) -> Any:
        assert not batch.put
        assert not batch.quarantine
        written = [(frozenset(head.label_ids), head.sequence) for head in batch.heads]
        one = written[0] if written else None
        return await _Asked("commit", int(was.version), now, one)

    async def heads(self, *_: Any) -> Any:
        return await _Asked("heads")


class _Nobody(Port):
    """Events, operations, connections and watches: left out, so nothing is ever there."""

    async def get(self, *_: Any) -> None:
        """Know no such document."""

    async def append(self, *_: Any) -> None:
        """Keep no log."""


class _Queue(Port):
    async def enqueue(self, task: Task) -> None:
        due = seconds(task.not_before) if task.not_before else None
        await _Asked("enqueue", due, task.name)


class _Gmail(Port):
    def of(self, _: ConnectionId) -> "_Gmail":
        return self

    async def history(self, start: HistoryId, page: PageToken | None) -> Any:
        return await _Asked("history", start, page)


class _Sync(SyncMailbox, Port):
    """The real one; its ports are the same for every worker."""


class _Control(ControlSync, Port):
    """The real one; its ports are the same for every worker."""


class Actors:
    """Starts and resumes workers; a step taken twice is looked up the second time."""

    def __init__(self, *, doubtful: bool = False) -> None:
        """Begin with an empty table; where `doubtful`, take each step in two ways and compare."""
        self.documents: list[SyncState] = []
        self.compared = 0
        self._doubtful = doubtful
        self._others: dict[int, tuple[Any, ...]] = {}
        self._numbers: dict[SyncState, int] = {}
        self.points: list[Point] = []
        self._known: dict[Any, int] = {}
        self._pasts: list[tuple[Any, ...]] = []
        self._steps: dict[Any, int | Ended] = {}
        self._clock = _Clock()
        self._fresh: Iterator[Name] = iter(())
        store, queue = _Store(), _Queue()
        nobody = _Nobody()
        ports: Any = {
            "states": store,
            "records": store,
            "quarantine": store,
            "outbox": nobody,
            "operations": nobody,
            "gmail": _Gmail(),
            "queue": queue,
            "clock": self._clock,
            "start_watch": nobody,
            "governor": QuotaGovernor(nobody, nobody, store, self._clock, UNITS),  # type: ignore[arg-type]
        }
        self._sync = _Sync(**ports)
        self._control = _Control(store, queue, self._clock)  # type: ignore[arg-type]

    @property
    def steps(self) -> int:
        """How many different steps of the real code were run."""
        return len(self._steps)

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
        return number

    def names(self, document: int) -> set[Name]:
        """Return the random names in a state."""
        return names_of(self.documents[document])

    def token_hex(self, _: int) -> Name:
        """Stand for `secrets.token_hex`: the next name that nobody knows."""
        return next(self._fresh)

    def start(self, origin: tuple[Any, ...], now: int, fresh: Sequence[Name]) -> int | Ended:
        """Start a worker on a push, a task or a trigger."""
        kind = origin if origin[0] == "push" else origin[:1]
        return self._step(("start", kind), now, fresh, ())

    def resume(self, point: int, answer: Answer, now: int, fresh: Sequence[Name]) -> int | Ended:
        """Return what a worker does with the answer to its request."""
        return self._step(answer, now, fresh, self._pasts[point], point)

    def _step(
        self, answer: Answer, now: int, fresh: Sequence[Name], past: tuple[Any, ...], at: int = -1
    ) -> int | Ended:
        key = (at, answer, now, *fresh)
        if key not in self._steps:
            self._steps[key] = self._run((*past, (answer, now, fresh)))
            if at in self._others:
                other = self._run((*self._others[at], (answer, now, fresh)))
                assert other == self._steps[key], "standpoints that look alike go on differently"
                self.compared += 1
        return self._steps[key]

    def _run(self, past: tuple[Any, ...]) -> int | Ended:
        """Replay a worker from its start; the last answer is the new one."""
        (_, origin), now, fresh = past[0]
        self._clock.at, self._fresh = now, iter(fresh)
        worker = self._worker(origin)
        try:
            request = worker.send(None)
            for answer, now, fresh in past[1:]:
                self._clock.at, self._fresh = now, iter(fresh)
                error = ERRORS.get(answer[0])
                if error is None:
                    request = worker.send(self._value(answer))
                else:
                    request = worker.throw(error("the model says so"))
        except StopIteration as end:
            return Ended(done=True, fenced=isinstance(end.value, LostLease))
        except PostroomError:
            return Ended(done=False, fenced=False)
        point = self._point(worker, request, now, past)
        worker.close()
        return point

    def _worker(self, origin: tuple[Any, ...]) -> Coroutine[Any, Any, Any]:
        if origin[0] in {"push", "false push"}:
            hint = history_id(origin[1]) if origin[0] == "push" else LARGEST_HISTORY_ID
            return self._sync(CONNECTION, budget=PUSH_BUDGET, hint=hint, only_live=True)
        if origin[0] == "trigger":
            return self._control.trigger(CONNECTION)
        return self._sync(CONNECTION, budget=TASK_BUDGET)

    def _point(self, worker: Any, request: Request, now: int, past: tuple[Any, ...]) -> int:
        assert isinstance(worker, CoroutineType)
        if request[0] in {"swap", "commit"}:
            kind, was, state, heads = request
            request = (kind, was, self.document(state), heads)
        standpoint = Standpoint(IGNORED)
        frozen = (request, now, standpoint.of(worker))
        number = self._known.setdefault(frozen, len(self.points))
        if number == len(self.points):
            self.points.append(Point(request, now, frozenset(standpoint.names)))
            self._pasts.append(past)
        elif self._doubtful and past != self._pasts[number]:
            self._others.setdefault(number, past)
        return number

    def _value(self, answer: Answer) -> Any:
        kind, *rest = answer
        if kind == "document":
            return Versioned(self.documents[rest[0]], str(rest[0]))
        if kind == "history":
            shown, top, more = rest
            return HistoryPage([_record(change) for change in shown], top, more)
        if kind == "heads":
            return {MESSAGE.id: _head(rest[0])}
        return None


def _record(change: int) -> HistoryRecord:
    put_on = LabelChange(MESSAGE, frozenset({label(change)}))
    return HistoryRecord(history_id(change), labels_added=(put_on,))


def _head(labels: frozenset[LabelId]) -> RecordHead:
    start = HistoryId(FIRST_CHECKPOINT)
    return RecordHead(
        MESSAGE.id, MESSAGE.thread_id, labels, start, start, EPOCH, Number(0), Origin.LIVE,
        EPOCH, EPOCH,
    )  # fmt: skip
