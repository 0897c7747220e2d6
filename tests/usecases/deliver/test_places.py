"""A receiver that hangs costs its own events: everybody else's come in the normal time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.events.delivery import UNASKED, Attempted, Failure
from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId, EventId, GoogleSub
from shared.ports.queue import QueueName
from shared.ports.sinks import OutgoingEvent, Receiver
from shared.usecases.events.deliver_event import Delivered, DeliveryOutcome, PutBack
from shared.usecases.events.places import (
    FARTHEST_TURN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PLACES,
    SHARE,
    UNPROVEN,
    Places,
)
from tests.harness.clock import START, HurriedClock
from tests.harness.delivering import C1, HOOK, OTHER, DeliveryHarness

OWN = "https://hangs.example.com/"
HANGING = (Failure.TIMEOUT, Failure.UNRESOLVED)


@dataclass
class Receivers:
    """Some addresses hold each attempt until they are let go; then it came to `failure`."""

    hanging: set[str] = field(default_factory=set)
    failure: Failure | None = Failure.TIMEOUT
    asked: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    reached: list[str] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, _receiver: Receiver) -> "Receivers":
        return self

    async def __call__(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        self.asked[receiver.address] += 1
        if receiver.address not in self.hanging:
            self.reached.append(outgoing.event_id)
            return Attempted(status=200)
        self.open[receiver.address] += 1
        await self.let_go.wait()
        self.open[receiver.address] -= 1
        return Attempted(self.failure)


@pytest.fixture
async def receivers(harness: DeliveryHarness) -> AsyncIterator[Receivers]:
    made = Receivers({OWN})
    harness.deliver = replace(harness.deliver, sinks=made)
    yield made
    made.let_go.set()


def again(harness: DeliveryHarness, receivers: Receivers) -> None:
    """Start another instance."""
    harness.live_again()
    harness.deliver = replace(harness.deliver, sinks=receivers)


async def connected(harness: DeliveryHarness, number: int, address: str = OWN) -> ConnectionId:
    """Connect a mailbox with a webhook address of its own."""
    made = Connection(
        id=ConnectionId(f"c-own-{number}"),
        email=f"{number}@example.com",
        sub=GoogleSub(str(number)),
        scopes=frozenset(),
        status=ConnectionStatus.ACTIVE,
        created_at=START,
        updated_at=START,
        webhook_url_override=address,
    )
    return (await harness.store.connections.create(made)).value.id


async def written(harness: DeliveryHarness, count: int, connection: ConnectionId) -> list[EventId]:
    return [await harness.write(number, connection) for number in range(count)]


async def started(work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """Start it, and let it come as far as it can."""
    task = asyncio.create_task(work)
    for _ in range(20):
        await asyncio.sleep(0)
    return task


async def all_started(harness: DeliveryHarness, ids: list[EventId]) -> list["asyncio.Task[Any]"]:
    return [await started(harness.deliver(id)) for id in ids]


def done(tasks: list["asyncio.Task[Any]"]) -> list[DeliveryOutcome]:
    return [task.result() for task in tasks if task.done()]


async def test_behind_forty_events_to_one_that_never_answers_a_good_one_gets_its_at_once(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    await harness.register(HOOK)
    hung = await all_started(harness, await written(harness, 40, await connected(harness, 1)))
    good = await harness.write(1, C1)
    assert (await started(harness.deliver(good))).result() == Delivered(EventState.DELIVERED)
    assert receivers.open[OWN] == SHARE == PLACES // 10
    assert done(hung) == [PutBack()] * (40 - SHARE)


async def test_a_bulk_to_one_that_hangs_holds_its_share_and_writes_nothing(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    ids = await written(harness, 1_000, await connected(harness, 1))
    harness.line.waiting.clear()
    await all_started(harness, ids)
    assert receivers.open[OWN] == SHARE
    back = harness.line.waiting
    assert len(back) == 1_000 - SHARE
    assert {task.queue for task in back} == {QueueName.RETRIES}
    assert all(START < task.not_before <= START + FARTHEST_TURN for task in back if task.not_before)
    assert (await harness.event(EventId(back[0].body["event_id"]))).attempts == 0


async def test_several_addresses_on_one_host_are_one_receiver(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    ids = []
    for number in range(20):
        address = f"https://HANGS.example.com:443/hook/{number}"
        receivers.hanging.add(address)
        ids += await written(harness, 2, await connected(harness, number, address))
    await all_started(harness, ids)
    assert receivers.open.total() == SHARE


async def test_a_hundred_hosts_that_never_answered_leave_places_to_those_that_did(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    await harness.register(HOOK)
    await harness.deliver(await harness.write(1, C1))
    ids = []
    for number in range(100):
        receivers.hanging.add(address := f"https://dead{number}.example.com/")
        ids += await written(harness, 1, await connected(harness, number, address))
    await all_started(harness, ids)
    assert receivers.open.total() == UNPROVEN
    good = await harness.write(2, C1)
    assert (await started(harness.deliver(good))).result() == Delivered(EventState.DELIVERED)


async def test_another_endpoint_of_the_same_event_waits_for_none(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    await harness.register(HOOK)
    await harness.register(OTHER)
    receivers.hanging = {OTHER}
    ids = await written(harness, 30, C1)
    await all_started(harness, ids)
    assert sorted(receivers.reached) == ids
    assert receivers.open[OTHER] == SHARE


@pytest.mark.parametrize("failure", HANGING)
async def test_one_that_hung_waits_by_itself_for_every_instance(
    harness: DeliveryHarness, receivers: Receivers, failure: Failure
) -> None:
    receivers.failure = failure
    connection = await connected(harness, 1)
    first, *others = await written(harness, 10, connection)
    task = await started(harness.deliver(first))
    receivers.let_go.set()
    assert await task == Delivered(EventState.PENDING)
    for number, id in enumerate(others):
        if number == 5:
            again(harness, receivers)
        assert await harness.deliver(id) == Delivered(EventState.PENDING)
        put_off = await harness.event(id)
        assert (put_off.attempts, put_off.next_attempt_at) == (0, START + FIRST_PAUSE)
    assert receivers.asked[OWN] == 1


@pytest.mark.parametrize("endpoint", [True, False], ids=["endpoint", "own address"])
async def test_the_time_that_one_asks_for_is_kept_for_all_its_events(
    harness: DeliveryHarness, receivers: Receivers, endpoint: bool
) -> None:
    connection = C1 if endpoint else await connected(harness, 1)
    await harness.register(OWN)
    first, *others = await written(harness, 5, connection)
    throttles = Attempted(Failure.THROTTLED, 503, timedelta(hours=1))
    receivers.of = lambda _: _answering(throttles)  # type: ignore[method-assign, assignment]
    await harness.deliver(first)
    del receivers.of
    again(harness, receivers)
    for id in others:
        await harness.deliver(id)
        assert (await harness.event(id)).next_attempt_at == START + timedelta(hours=1)
    assert receivers.asked[OWN] == 0


async def test_another_address_of_a_connection_is_not_put_off(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    connection = await connected(harness, 1)
    first, second = await written(harness, 2, connection)
    task = await started(harness.deliver(first))
    receivers.let_go.set()
    await task
    was = await harness.store.connections.get(connection)
    assert was is not None
    await harness.store.connections.swap(was, replace(was.value, webhook_url_override=HOOK))
    assert await harness.deliver(second) == Delivered(EventState.DELIVERED)


async def test_after_its_pause_one_attempt_shows_and_the_pause_grows_to_its_limit(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    receivers.let_go.set()
    ids = await written(harness, 200, await connected(harness, 1))
    waits = []
    for number in range(12):
        await harness.deliver(ids[number])
        until = harness.attempts.places.waits_until(OWN)
        assert until is not None
        waits.append(until - harness.clock.now())
        harness.clock.current = until
    assert waits[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert waits[-1] == LONGEST_PAUSE
    receivers.let_go.clear()
    before = receivers.asked[OWN]
    await all_started(harness, ids[50:90])
    assert receivers.asked[OWN] == before + 1


async def test_one_that_answers_again_gets_everything(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    ids = await written(harness, 50, await connected(harness, 1))
    tasks = await all_started(harness, ids)
    receivers.let_go.set()
    await asyncio.gather(*tasks)
    receivers.hanging.clear()
    await harness.pass_time(timedelta(minutes=20))
    assert sorted(receivers.reached) == ids


async def test_one_that_answers_others_meanwhile_is_not_put_off(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    slow, quick, later = await written(harness, 3, await connected(harness, 1))
    task = await started(harness.deliver(slow))
    harness.clock.current += timedelta(seconds=1)
    receivers.hanging.clear()
    await harness.deliver(quick)
    receivers.let_go.set()
    await task
    assert await harness.deliver(later) == Delivered(EventState.DELIVERED)


async def test_first_tries_have_a_queue_of_their_own(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    receivers.let_go.set()
    first, second = await written(harness, 2, await connected(harness, 1))
    assert {task.queue for task in harness.line.take_due()} == {QueueName.EVENTS}
    await harness.deliver(first)
    await harness.redeliver(second)
    harness.clock.current += FIRST_PAUSE
    await harness.wake()
    assert {task.queue for task in harness.line.waiting} == {QueueName.RETRIES}


async def test_a_delivery_that_cannot_claim_its_event_keeps_no_place(
    harness: DeliveryHarness, receivers: Receivers
) -> None:
    id = await harness.write(1, await connected(harness, 1))
    await asyncio.gather(*(started(harness.deliver(id)) for _ in range(8)))
    assert receivers.open[OWN] == 1
    receivers.let_go.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert harness.attempts.places.take({"a": Receiver("a", OTHER)})
    assert [place.address for place in harness.attempts.places._taken] == [OTHER]


async def test_an_attempt_that_is_cancelled_before_it_begins_keeps_no_place(
    harness: DeliveryHarness,
) -> None:
    ids = [await harness.write(number, await connected(harness, number)) for number in range(1, 6)]
    for id in ids:
        work = asyncio.ensure_future(harness.deliver(id))
        for turns in range(20):
            await asyncio.sleep(0)
            if harness.attempts.places._taken or turns > 15:
                break
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert harness.attempts.places._taken == []


def _answering(answer: Attempted) -> Any:
    async def answers(_receiver: Receiver, _parcel: OutgoingEvent) -> Attempted:
        return answer

    return answers


@pytest.mark.parametrize("failure", sorted(UNASKED))
def test_an_attempt_that_asked_no_one_says_nothing_of_the_receiver(failure: Failure) -> None:
    clock = HurriedClock()
    places = Places(clock)
    hung, unasked = (places.take({OWN: Receiver(OWN, OWN)})[OWN] for _ in range(2))
    places.leave(hung, Attempted(Failure.TIMEOUT))
    until = places.waits_until(OWN)
    assert until is not None
    places.leave(unasked, Attempted(failure))
    assert places.waits_until(OWN) == until
