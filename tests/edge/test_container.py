"""The container builds each type once, from the types of its fields, and closes what it built."""

from dataclasses import dataclass, field

import pytest

from shared.adapters.system_clock import AdjustableClock
from shared.edge.composition.container import AutowiredContainer
from shared.edge.composition.providers import PROVIDERS, STORE_PORTS
from shared.errors import QueueUnavailableError, StoreUnavailableError
from shared.ports.clock import Clock
from shared.ports.container import Container
from shared.ports.queue import Queue, Task
from shared.ports.sinks import SinkChoices
from shared.ports.store import Store


@dataclass(frozen=True)
class Inner:
    clock: Clock


@dataclass(frozen=True)
class Outer:
    inner: Inner
    container: Container
    clock: Clock = AdjustableClock()  # noqa: RUF009  a default that must not win
    held: dict[str, int] = field(default_factory=dict)


def test_a_type_is_built_once_from_the_types_of_its_fields(container: AutowiredContainer) -> None:
    outer = container.use(Outer)
    assert outer is container.use(Outer)
    assert outer.inner is container.use(Inner)
    assert outer.container is container
    assert outer.clock is outer.inner.clock is container.use(Clock)
    assert outer.held == {}


def test_what_is_bound_is_used_by_everything_that_is_built_later(
    container: AutowiredContainer,
) -> None:
    clock = container.bind(Clock, AdjustableClock())
    assert container.use(Outer).inner.clock is clock


def test_what_held_another_before_is_built_anew(container: AutowiredContainer) -> None:
    before = container.use(Outer)
    clock = container.bind(Clock, AdjustableClock())
    assert container.use(Outer) is not before
    assert container.use(Outer).clock is clock


def test_a_type_that_nothing_builds_is_named(container: AutowiredContainer) -> None:
    with pytest.raises(TypeError, match="int"):
        container.use(int)


def test_every_port_has_something_behind_it(container: AutowiredContainer) -> None:
    for port in (*PROVIDERS, *STORE_PORTS):
        assert container.use(port) is not None, port
    assert container.use(SinkChoices) == frozenset()


async def test_what_was_built_is_closed_the_newest_first(container: AutowiredContainer) -> None:
    closed: list[str] = []

    def closing(name: str) -> None:
        async def close() -> None:
            closed.append(name)

        container.at_close(close)

    closing("first")
    closing("second")
    await container.close()
    assert closed == ["second", "first"]


async def test_the_store_and_the_queue_are_closed_too(container: AutowiredContainer) -> None:
    store, queue = container.use(Store), container.use(Queue)
    await container.close()
    with pytest.raises(StoreUnavailableError):
        await store.connections.walk(None, 1)
    with pytest.raises(QueueUnavailableError):
        await queue.enqueue(Task("/tasks/sync", {}))
