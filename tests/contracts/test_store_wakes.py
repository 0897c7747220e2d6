"""Every event that a store inserts wakes its delivery, by whatever method it came."""

import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import timedelta
from importlib import import_module
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import pytest

from shared import ports
from shared.domain.events.event import Event
from shared.domain.ids import EventId
from shared.domain.keys.approval import ApprovalState
from shared.errors import AlreadyExistsError, QueueUnavailableError
from shared.ports.events import Claimed, wake_nothing
from shared.ports.model_store import ModelBatch
from shared.ports.queue import QueueName, Task
from shared.ports.store import Store
from shared.ports.sync_store import Batch
from shared.usecases.events.attempt import DELIVER_TASK
from shared.usecases.events.deliver_event import Announce
from tests.contracts import samples
from tests.contracts.backends import Backend
from tests.harness.clock import START

Insert = Callable[[Store, Event], Awaitable[object]]


async def _create(store: Store, event: Event) -> object:
    return await store.outbox.create(event)


async def _open_approval(store: Store, event: Event) -> object:
    return await store.approvals.open(samples.approval(), event)


async def _conclude_approval(store: Store, event: Event) -> object:
    made = await store.approvals.create(samples.approval())
    decided = replace(made.value, state=ApprovalState.REJECTED)
    return await store.approvals.conclude(made, decided, event)


async def _conclude_send(store: Store, event: Event) -> object:
    made = await store.sends.create(samples.send())
    return await store.sends.conclude(made, replace(made.value, error="x"), event)


async def _commit(store: Store, event: Event) -> object:
    made = await store.sync_states.create(samples.sync_state())
    return await store.sync_states.commit(made, made.value, Batch(event=event))


async def _commit_models(store: Store, event: Event) -> None:
    was = await store.model_syncs.create(samples.model_sync("c1"))
    await store.model_syncs.commit(was, was.value, ModelBatch(events=[(event, None)]))


INSERTS: Mapping[str, Insert] = {
    "Outbox.create": _create,
    "Approvals.open": _open_approval,
    "Approvals.conclude": _conclude_approval,
    "Sends.conclude": _conclude_send,
    "SyncStates.commit": _commit,
    "ModelSyncs.commit": _commit_models,
}
CHANGES = {"Outbox.swap", "Outbox.delete"}
"""They take an event that is stored already: whoever changes its due time wakes it."""
EVERY = pytest.mark.parametrize("name", INSERTS)


UNSTORED = {"FirstAttempts.claim"}
"""It stores nothing: the commit that takes the event does."""


@dataclass
class Line:
    """A queue that notes whether the event was stored when its task came."""

    tasks: list[Task] = field(default_factory=list)
    stored: list[bool] = field(default_factory=list)
    reader: Store | None = None
    fails: bool = False

    async def enqueue(self, task: Task) -> None:
        if self.fails:
            raise QueueUnavailableError("full")
        assert self.reader is not None
        self.tasks.append(task)
        self.stored.append(await self.reader.outbox.get(task.body["event_id"]) is not None)


@pytest.fixture
def line(backend: Backend) -> Line:
    return Line(reader=backend.open())


@pytest.fixture
def woken(backend: Backend, line: Line) -> Store:
    return backend.open(Announce(line, Claimed()).announce_stored)


def test_every_method_that_takes_an_event_is_known_here() -> None:
    assert set(_methods_with_events()) == INSERTS.keys() | CHANGES | UNSTORED


@EVERY
async def test_an_event_wakes_its_delivery_once_it_is_stored(
    woken: Store, line: Line, name: str
) -> None:
    event = samples.event(trace_id="0" * 32)
    await INSERTS[name](woken, event)
    body = {"event_id": event.id}
    assert line.tasks == [Task(DELIVER_TASK, body, QueueName.EVENTS, trace_id=event.trace_id)]
    assert line.stored == [True]


@EVERY
async def test_a_queue_that_takes_nothing_fails_no_commit(
    woken: Store, line: Line, name: str
) -> None:
    line.fails = True
    await INSERTS[name](woken, samples.event())
    assert await woken.outbox.get("e1") is not None


@EVERY
async def test_what_is_not_stored_wakes_nothing(woken: Store, line: Line, name: str) -> None:
    await woken.outbox.create(samples.event())
    line.tasks.clear()
    with pytest.raises(AlreadyExistsError):
        await INSERTS[name](woken, samples.event())
    assert line.tasks == []


async def test_an_event_that_a_commit_extends_is_not_woken_again(woken: Store, line: Line) -> None:
    told = await woken.outbox.create(samples.event())
    line.tasks.clear()
    state = await woken.sync_states.create(samples.sync_state())
    batch = Batch(event=told.value, event_version=told.version)
    await woken.sync_states.commit(state, state.value, batch)
    later = replace(told.value, id=EventId("e2"), next_attempt_at=START + timedelta(hours=1))
    swapped = await woken.outbox.get("e1")
    assert swapped is not None
    await woken.outbox.swap(swapped, replace(later, id=told.value.id))
    assert line.tasks == []


async def test_a_store_that_is_given_no_one_to_wake_stores_all_the_same(backend: Backend) -> None:
    await _create(backend.open(wake_nothing), samples.event())


def _methods_with_events() -> Iterator[str]:
    for module in pkgutil.iter_modules(ports.__path__):
        for port in vars(import_module(f"shared.ports.{module.name}")).values():
            if (
                isinstance(port, type)
                and getattr(port, "_is_protocol", False)
                and port.__module__.startswith("shared.ports.")
            ):
                yield from (f"{port.__name__}.{name}" for name in _with_events(port))


def _with_events(port: type) -> Iterator[str]:
    given = {
        variable: value
        for base in getattr(port, "__orig_bases__", ())
        for variable, value in zip(
            getattr(get_origin(base), "__parameters__", ()), get_args(base), strict=False
        )
    }
    for name in dir(port):
        method = getattr(port, name)
        if name.startswith("_") or not callable(method):
            continue
        hints = get_type_hints(method)
        hints.pop("return", None)
        if any(_holds_event(hint, given, frozenset()) for hint in hints.values()):
            yield name


def _holds_event(hint: Any, given: Mapping[Any, Any], above: frozenset[Any]) -> bool:
    hint = given.get(hint, hint) if isinstance(hint, TypeVar) else hint
    if hint is Event:
        return True
    if hint in above:
        return False
    inner = list(get_args(hint))
    held = get_origin(hint) or hint
    if is_dataclass(held) and isinstance(held, type) and held.__name__ != "Versioned":
        hints = get_type_hints(held)
        inner += [hints[one.name] for one in fields(held)]
    return any(_holds_event(one, given, above | {hint}) for one in inner)
