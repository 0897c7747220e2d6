"""A mailbox, a store and the real sync between them, and what can befall each."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, NamedTuple

from shared.domain.events import event
from shared.domain.ids import LARGEST_HISTORY_ID, ConnectionId, HistoryId, MessageId
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.state import LEASE_LIFETIME
from shared.usecases.sync.control import ControlSync
from shared.usecases.sync.handle_push import PUSH_BUDGET
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.work import backfill, changes, delta, hydrate, lease, recovery
from shared.usecases.sync.work.pace import QuotaGovernor
from tests.chaos.schedule_mailbox import (
    GET_LAG,
    HISTORY_LAG,
    INBOX,
    LONG_GET_LAG,
    PAGE,
    STARRED,
    START,
    BrokenError,
    FakeMailbox,
    ManualClock,
    undisturbed,
)
from tests.chaos.schedule_store import FakeStore, Nobody
from tests.chaos.swapping import swapped

CONNECTION = ConnectionId("c")
BUDGET = timedelta(minutes=5)
RECHECKED = timedelta(seconds=40)
"""What history hides at first is found by the second rung of the ladder."""
LOOKED_BACK = timedelta(minutes=62)
"""What it hides while it shows something later is found by the next look: at rest, the hourly."""
FETCHED = timedelta(minutes=70)
"""What messages.get does not know for long is found by the fourth retry."""
AT_REST = timedelta(minutes=30)
MOST_RUNS = 40


class DiedError(BaseException):
    """The worker is gone."""


class VoidError(Exception):
    """The change makes no sense here: a deleted message cannot be labelled."""


def driven(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never really waits."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something that is not there")


async def _one_after_another(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    try:
        return [await each for each in work]
    finally:
        for each in work:
            each.close()


async def _unread(*_: object) -> tuple[Any, Any]:
    nothing = SimpleNamespace(data=b"", body_truncated=False)
    return {"from": {"name": "", "email": ""}}, nothing


@contextmanager
def small_steps() -> Iterator[None]:
    """Cut the sync's steps to the size of the mailbox, and leave payloads and chance out."""
    numbers = count()
    with ExitStack() as swaps:
        gather = SimpleNamespace(gather=_one_after_another)
        swaps.enter_context(swapped(hydrate, {"asyncio": gather}))
        swaps.enter_context(swapped(lease, {"token_hex": lambda _: str(next(numbers))}))
        swaps.enter_context(swapped(event, {"uuid4": lambda: SimpleNamespace(hex="0")}))
        swaps.enter_context(swapped(backfill, {"CHUNK": PAGE, "FIRST_CHUNK": PAGE}))
        limits = ("LISTED_AT_ONCE", "FETCHED_AT_ONCE", "TOUCHED_AT_ONCE")
        swaps.enter_context(swapped(delta, dict.fromkeys(limits, PAGE)))
        swaps.enter_context(swapped(recovery, {"LISTED_AGAIN": 2}))
        swaps.enter_context(swapped(changes, {"off_loop": _unread}))
        yield


class Op(NamedTuple):
    """A change of the mailbox, or what befalls the worker."""

    name: str
    apply: Callable[["ModelledSync"], None]
    told: bool = True
    """Whether Gmail pushes it."""
    late: bool = False
    """Whether history hides it at first."""
    unknown: bool = False
    """Whether messages.get does not know it for long."""


Schedule = tuple[tuple[int, Op], ...]
"""Each change with the number of the answer it comes before."""


@dataclass
class ModelledSync:
    """One mailbox, one store, and the sync between them."""

    clock: ManualClock
    mailbox: FakeMailbox
    store: FakeStore
    pushed_at_once: bool = True
    waiting: list[tuple[int, Op]] = field(default_factory=list)
    answers: int = 0
    changed_at: datetime = START
    hidden: bool = False
    """Whether history hid a change that was not the last."""
    unknown: bool = False
    """Whether messages.get did not know a message for long."""

    def __post_init__(self) -> None:
        nobody: Any = Nobody()
        store: Any = self.store
        mailboxes: Any = self.mailbox
        governor = QuotaGovernor(nobody, nobody, store, self.clock, UnitsPerMinute(10**9))
        self.sync = SyncMailbox(
            states=store,
            records=store,
            quarantine=store,
            outbox=nobody,
            operations=nobody,
            gmail=mailboxes,
            queue=store,
            clock=self.clock,
            start_watch=nobody,
            governor=governor,
        )
        self.control = ControlSync(store, store, self.clock)
        self.mailbox.turn = self._turn

    def _turn(self) -> None:
        self.answers += 1
        while self.waiting and self.waiting[0][0] < self.answers:
            _, op = self.waiting.pop(0)
            with undisturbed(self.mailbox):
                self.happen(op)

    def happen(self, op: Op) -> None:
        """Let a change happen, and its push."""
        op.apply(self)
        self.hidden = self.hidden or (op.late and bool(self.waiting))
        self.unknown = self.unknown or op.unknown
        self.changed_at = self.clock.now()
        if op.told and self.pushed_at_once:
            self.push()

    def push(self, history_id: HistoryId | None = None) -> None:
        """Let a push be delivered, about the newest change where none is named."""
        hint = history_id or self.mailbox.top
        driven(self.sync(CONNECTION, budget=PUSH_BUDGET, hint=hint, only_live=True))

    def run(self) -> None:
        """Let a task run, to its end or its worker's."""
        try:
            driven(self.sync(CONNECTION, budget=BUDGET))
        except DiedError:
            self.clock.at += LEASE_LIFETIME

    def settle(self) -> None:
        """Wait out whatever the state waits for, and look at the records when it is time."""
        by = self.changed_at + self._patience()
        prompt = self.pushed_at_once
        for _ in range(MOST_RUNS):
            self.run()
            due = self.store.state.next_due_at
            wait = due - self.clock.now() if due else AT_REST
            if prompt and self.clock.now() + wait > by:
                prompt = False
                self._compare("late")
            waits = self.store.entries or self.store.state.lookback
            if wait >= AT_REST and not waits:
                return self._compare("wrong at rest")
            self.clock.at += max(wait, timedelta())
        raise BrokenError("the sync does not come to rest")

    def _patience(self) -> timedelta:
        if self.unknown:
            return FETCHED
        return LOOKED_BACK if self.hidden else RECHECKED

    def _compare(self, when: str) -> None:
        truth = {message.id: message.labels for message in self.mailbox.messages.values()}
        stored = self.store.stored()
        if stored != truth:
            raise BrokenError(f"{when}: stored {_shown(stored)}, true {_shown(truth)}")

    def forked(self) -> "ModelledSync":
        """Return an equal modelled that goes its own way."""
        clock = ManualClock()
        clock.at = self.clock.at
        messages = {
            id: replace(message, states=list(message.states))
            for id, message in self.mailbox.messages.items()
        }
        mailbox = replace(
            self.mailbox,
            clock=clock,
            messages=messages,
            history_records=list(self.mailbox.history_records),
            answered=dict(self.mailbox.answered),
            calls=0,
        )
        store = replace(
            self.store,
            mailbox=mailbox,
            heads_by_id=dict(self.store.heads_by_id),
            entries=dict(self.store.entries),
        )
        return ModelledSync(clock, mailbox, store)


def _shown(records: dict[Any, Any]) -> str:
    return ", ".join(f"{id}: {'+'.join(sorted(labels))}" for id, labels in sorted(records.items()))


def _on(
    id: str, change: Callable[[FakeMailbox, MessageId], None]
) -> Callable[[ModelledSync], None]:
    def apply(modelled: ModelledSync) -> None:
        if id not in modelled.mailbox.messages:
            raise VoidError
        change(modelled.mailbox, MessageId(id))

    return apply


def _die(_: ModelledSync) -> None:
    raise DiedError


OPS = {
    op.name: op
    for op in (
        Op("deliver", lambda modelled: modelled.mailbox.deliver()),
        Op(
            "deliver, history late",
            lambda modelled: modelled.mailbox.deliver(shown_after=HISTORY_LAG),
            late=True,
        ),
        Op("deliver, get late", lambda modelled: modelled.mailbox.deliver(here_after=GET_LAG)),
        Op(
            "deliver, get very late",
            lambda modelled: modelled.mailbox.deliver(here_after=LONG_GET_LAG),
            unknown=True,
        ),
        Op("star m0", _on("m0", lambda mailbox, id: mailbox.toggle(id, STARRED))),
        Op("star m2", _on("m2", lambda mailbox, id: mailbox.toggle(id, STARRED))),
        Op(
            "star m1, history late",
            _on("m1", lambda mailbox, id: mailbox.toggle(id, STARRED, HISTORY_LAG)),
            late=True,
        ),
        Op("star m3", _on("m3", lambda mailbox, id: mailbox.toggle(id, STARRED))),
        Op("archive m2", _on("m2", lambda mailbox, id: mailbox.toggle(id, INBOX))),
        Op("trash m0", _on("m0", lambda mailbox, id: mailbox.toggle_trash(id))),
        Op("trash m1", _on("m1", lambda mailbox, id: mailbox.toggle_trash(id))),
        Op("delete m0", _on("m0", lambda mailbox, id: mailbox.delete(id))),
        Op("delete m1", _on("m1", lambda mailbox, id: mailbox.delete(id))),
        Op("delete m2", _on("m2", lambda mailbox, id: mailbox.delete(id))),
        Op("expire", lambda modelled: modelled.mailbox.expire()),
        Op("false push", lambda modelled: modelled.push(LARGEST_HISTORY_ID), told=False),
        Op("die", _die, told=False),
    )
}
