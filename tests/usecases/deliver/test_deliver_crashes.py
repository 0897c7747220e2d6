"""Killed between any two effects, an event still arrives; and a reader's cursor never goes back."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from shared.domain.cursor import sequence_of
from shared.domain.events.delivery import Failure
from shared.domain.events.endpoint import Content
from shared.domain.events.event import EventState
from shared.domain.operation import Operation
from shared.errors import QueueUnavailableError, StoreUnavailableError
from shared.ports.queue import Queue, Task
from shared.usecases.events.deliver_event import Announce, Delivered
from tests.contracts.samples import connection, event
from tests.harness.delivering import C1, HOOK, OTHER, DeliveryHarness, fails
from tests.usecases.connect.interrupted import Bomb, Crash

HOUR = timedelta(hours=1)


async def _life(harness: DeliveryHarness) -> None:
    """Write two events and deliver them; one receiver fails, and somebody looks after it."""
    for number in (1, 2):
        await harness.write(number)
    await harness.work()
    harness.clock.current += timedelta(seconds=5)
    await harness.work()
    harness.clock.current += timedelta(minutes=5)
    await harness.wake()
    await harness.work()


async def _opened(folder: Path) -> DeliveryHarness:
    harness = DeliveryHarness(folder)
    await harness.register(HOOK, content=Content.SUMMARY)
    await harness.register(OTHER)
    await harness.store.connections.create(connection(C1))
    harness.world.answers[OTHER] = fails(Failure.UNREACHABLE)
    return harness


async def test_killed_between_any_two_effects_every_event_arrives(tmp_path: Path) -> None:
    whole = Bomb()
    harness = await _opened(tmp_path / "whole")
    harness.live(whole)
    await _life(harness)
    await harness.store.close()
    assert {one.split(".")[0] for one in whole.calls} == {
        *("outbox", "queue", "webhook_endpoints", "connections", "sealer", "receiver"),
        *("operations", "records"),
    }
    for at in _effects(whole.calls):
        for after in (False, True):
            await _killed(tmp_path / f"{at}-{after}", Bomb(at, after=after))


def _effects(calls: list[str]) -> list[int]:
    """Return the numbers of the calls to die at; of a walk through all shards, the first."""
    before = ["", *calls]
    return [
        at for at, call in enumerate(calls, 1) if call != "outbox.due" or before[at - 1] != call
    ]


async def _killed(folder: Path, bomb: Bomb) -> None:
    harness = await _opened(folder)
    harness.live(bomb)
    with suppress(Crash):
        await _life(harness)
    harness.live(Bomb())
    harness.world.answers.clear()
    written = await harness.store.outbox.list(state=None, connection_id=None, limit=99)
    await harness.pass_time(3 * HOUR)
    where = (bomb.calls[-1], bomb.at, bomb.after)
    for address in (HOOK, OTHER):
        assert set(harness.world.got(address)) == {one.id for one in written}, where
    assert await harness.states() <= {EventState.DELIVERED}, where
    _assert_order_is_restorable(harness, HOOK)
    await harness.store.close()


def _assert_order_is_restorable(harness: DeliveryHarness, address: str) -> None:
    """Check that whoever sorts by cursor, or ignores what is behind it, has the order."""
    cursors = [
        sequence_of(C1, json.loads(outgoing.body)["cursor"])
        for outgoing in harness.world.reached[address]
    ]
    by_event = {one.event_id: one.body for one in harness.world.reached[address]}
    assert all(one.body == by_event[one.event_id] for one in harness.world.reached[address])
    assert sorted(set(cursors)) == list(range(1, len(by_event) + 1))


class _Refusing:
    """A queue or a log that takes nothing."""

    async def enqueue(self, _task: Task) -> None:
        raise QueueUnavailableError("full")

    async def append(self, _operation: Operation) -> None:
        raise StoreUnavailableError("down")


async def test_a_lost_wake_up_never_fails_the_writer_and_is_made_good(
    harness: DeliveryHarness,
) -> None:
    await harness.register(HOOK)
    harness.announce = Announce(cast("Queue", _Refusing()), harness.claimed)
    await harness.store.outbox.create(
        event("e1", C1, next_attempt_at=harness.clock.now(), deliveries={})
    )
    assert harness.line.waiting == []
    await harness.pass_time(timedelta(minutes=1))
    assert harness.world.got(HOOK) == ["e1"]


async def test_a_lost_log_line_or_next_task_never_fails_the_delivery(
    harness: DeliveryHarness,
) -> None:
    await harness.register(HOOK)
    harness.world.answers[HOOK] = fails()
    refusing: Any = _Refusing()
    attempts = replace(harness.attempts, operations=refusing, queue=refusing)
    deliver = replace(harness.deliver, attempts=attempts)
    id = await harness.write()
    harness.line.waiting.clear()
    assert await deliver(id) == Delivered(EventState.PENDING)
    harness.world.answers.clear()
    await harness.pass_time(timedelta(minutes=1))
    assert harness.world.got(HOOK) == [id]
