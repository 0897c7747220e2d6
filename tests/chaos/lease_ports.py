"""The real use cases of the lease model over ports whose every call waits for an answer."""

from collections.abc import Coroutine, Generator
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

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
from shared.domain.sync.state import SyncState
from shared.ports.documents import Versioned
from shared.ports.queue import Task
from shared.ports.sync_store import Batch
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.handle_push import PUSH_BUDGET
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.work.pace import QuotaGovernor
from tests.chaos.continuation import Port

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
CONNECTION = ConnectionId("c")
MESSAGE = HistoryMessage(MessageId("m"), ThreadId("t"))
FIRST_CHECKPOINT = 10
UNITS = 10**9
TASK_BUDGET = timedelta(minutes=4)

Request = tuple[Any, ...]


def seconds(moment: datetime) -> int:
    """Return a moment as the model's clock counts: nothing comes before its time."""
    return ceil((moment - EPOCH).total_seconds())


def history_id(change: int) -> HistoryId:
    """Return the history ID of the change with this number, counted from 0."""
    return HistoryId(FIRST_CHECKPOINT + 10 * (change + 1))


def label(change: int) -> LabelId:
    """Return the label by which a change shows on the record."""
    return LabelId(f"L{change}")


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


class UseCases:
    """What a worker runs; all share the ports."""

    def __init__(self) -> None:
        """Compose them as the functions do."""
        self.clock = _Clock()
        store, queue, nobody = _Store(), _Queue(), _Nobody()
        ports: Any = {
            "states": store,
            "records": store,
            "quarantine": store,
            "outbox": nobody,
            "operations": nobody,
            "gmail": _Gmail(),
            "queue": queue,
            "clock": self.clock,
            "start_watch": nobody,
            "governor": QuotaGovernor(nobody, nobody, store, self.clock, UNITS),  # type: ignore[arg-type]
        }
        self._sync = _Sync(**ports)
        self._control = _Control(store, queue, self.clock)  # type: ignore[arg-type]

    def worker(self, origin: tuple[Any, ...]) -> Coroutine[Any, Any, Any]:
        """Return what a push, a task or a trigger starts."""
        if origin[0] in {"push", "false push"}:
            hint = history_id(origin[1]) if origin[0] == "push" else LARGEST_HISTORY_ID
            return self._sync(CONNECTION, budget=PUSH_BUDGET, hint=hint, only_live=True)
        if origin[0] == "trigger":
            return self._control.trigger(CONNECTION)
        return self._sync(CONNECTION, budget=TASK_BUDGET)


def record(change: int) -> HistoryRecord:
    """Return how history shows a change."""
    put_on = LabelChange(MESSAGE, frozenset({label(change)}))
    return HistoryRecord(history_id(change), labels_added=(put_on,))


def head(labels: frozenset[LabelId]) -> RecordHead:
    """Return what the store holds of the message."""
    start = HistoryId(FIRST_CHECKPOINT)
    return RecordHead(
        MESSAGE.id, MESSAGE.thread_id, labels, start, start, EPOCH, Number(0), Origin.LIVE,
        EPOCH, EPOCH,
    )  # fmt: skip
