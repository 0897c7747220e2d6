"""Killed between any two effects, an event still arrives; and a reader's cursor never goes back."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from shared.domain.cursor import sequence_of
from shared.domain.events.delivery import Failure
from shared.domain.events.event import EventState
from shared.domain.operation import Operation
from shared.errors import QueueUnavailableError, StoreUnavailableError
from shared.ports.queue import Queue, Task
from shared.usecases.events.deliver_event import Announce, Delivered
from tests.contracts.samples import event
from tests.usecases.connect.interrupted import Bomb, Crash
from tests.usecases.deliver.post_office import C1, HOOK, OTHER, PostOffice, fails

HOUR = timedelta(hours=1)


async def _life(office: PostOffice) -> None:
    """Write two events and deliver them; one receiver fails, and somebody looks after it."""
    for number in (1, 2):
        await office.write(number)
    await office.work()
    office.clock.current += timedelta(seconds=5)
    await office.work()
    office.clock.current += timedelta(minutes=5)
    await office.wake()
    await office.work()


async def _opened(folder: Path) -> PostOffice:
    office = PostOffice(folder)
    await office.register(HOOK)
    await office.register(OTHER)
    office.world.answers[OTHER] = fails(Failure.UNREACHABLE)
    return office


async def test_killed_between_any_two_effects_every_event_arrives(tmp_path: Path) -> None:
    whole = Bomb()
    office = await _opened(tmp_path / "whole")
    office.live(whole)
    await _life(office)
    await office.store.close()
    assert {one.split(".")[0] for one in whole.calls} == {
        *("outbox", "queue", "webhook_endpoints", "connections", "sealer", "receiver"),
        "operations",
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
    office = await _opened(folder)
    office.live(bomb)
    with suppress(Crash):
        await _life(office)
    office.live(Bomb())
    office.world.answers.clear()
    written = await office.store.outbox.list(state=None, connection_id=None, limit=99)
    await office.pass_time(3 * HOUR)
    where = (bomb.calls[-1], bomb.at, bomb.after)
    for address in (HOOK, OTHER):
        assert set(office.world.got(address)) == {one.id for one in written}, where
    assert await office.states() <= {EventState.DELIVERED}, where
    _assert_order_is_restorable(office, HOOK)
    await office.store.close()


def _assert_order_is_restorable(office: PostOffice, address: str) -> None:
    """Check that whoever sorts by cursor, or ignores what is behind it, has the order."""
    cursors = [
        sequence_of(C1, json.loads(outgoing.body)["cursor"])
        for outgoing in office.world.reached[address]
    ]
    by_event = {one.event_id: one.body for one in office.world.reached[address]}
    assert all(one.body == by_event[one.event_id] for one in office.world.reached[address])
    assert sorted(set(cursors)) == list(range(1, len(by_event) + 1))


class _Refusing:
    """A queue or a log that takes nothing."""

    async def enqueue(self, _task: Task) -> None:
        raise QueueUnavailableError("full")

    async def append(self, _operation: Operation) -> None:
        raise StoreUnavailableError("down")


async def test_a_lost_wake_up_never_fails_the_writer_and_is_made_good(office: PostOffice) -> None:
    await office.register(HOOK)
    office.announce = Announce(cast("Queue", _Refusing()))
    await office.store.outbox.create(
        event("e1", C1, next_attempt_at=office.clock.now(), deliveries={})
    )
    assert office.line.waiting == []
    await office.pass_time(timedelta(minutes=1))
    assert office.world.got(HOOK) == ["e1"]


async def test_a_lost_log_line_or_next_task_never_fails_the_delivery(office: PostOffice) -> None:
    await office.register(HOOK)
    office.world.answers[HOOK] = fails()
    refusing: Any = _Refusing()
    deliver = replace(office.deliver, operations=refusing, queue=refusing)
    id = await office.write()
    office.line.waiting.clear()
    assert await deliver(id) == Delivered(EventState.PENDING)
    office.world.answers.clear()
    await office.pass_time(timedelta(minutes=1))
    assert office.world.got(HOOK) == [id]
