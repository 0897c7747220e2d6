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
from tests.usecases.deliver.post_office import C1, HOOK, OTHER, PostOffice

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
async def receivers(office: PostOffice) -> AsyncIterator[Receivers]:
    made = Receivers({OWN})
    office.deliver = replace(office.deliver, sinks=made)
    yield made
    made.let_go.set()


def again(office: PostOffice, receivers: Receivers) -> None:
    """Start another instance."""
    office.live_again()
    office.deliver = replace(office.deliver, sinks=receivers)


async def connected(office: PostOffice, number: int, address: str = OWN) -> ConnectionId:
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
    return (await office.store.connections.create(made)).value.id


async def written(office: PostOffice, count: int, connection: ConnectionId) -> list[EventId]:
    return [await office.write(number, connection) for number in range(count)]


async def started(work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """Start it, and let it come as far as it can."""
    task = asyncio.create_task(work)
    for _ in range(20):
        await asyncio.sleep(0)
    return task


async def all_started(office: PostOffice, ids: list[EventId]) -> list["asyncio.Task[Any]"]:
    return [await started(office.deliver(id)) for id in ids]


def done(tasks: list["asyncio.Task[Any]"]) -> list[DeliveryOutcome]:
    return [task.result() for task in tasks if task.done()]


async def test_behind_forty_events_to_one_that_never_answers_a_good_one_gets_its_at_once(
    office: PostOffice, receivers: Receivers
) -> None:
    await office.register(HOOK)
    hung = await all_started(office, await written(office, 40, await connected(office, 1)))
    good = await office.write(1, C1)
    assert (await started(office.deliver(good))).result() == Delivered(EventState.DELIVERED)
    assert receivers.open[OWN] == SHARE == PLACES // 10
    assert done(hung) == [PutBack()] * (40 - SHARE)


async def test_a_bulk_to_one_that_hangs_holds_its_share_and_writes_nothing(
    office: PostOffice, receivers: Receivers
) -> None:
    ids = await written(office, 1_000, await connected(office, 1))
    office.line.waiting.clear()
    await all_started(office, ids)
    assert receivers.open[OWN] == SHARE
    back = office.line.waiting
    assert len(back) == 1_000 - SHARE
    assert {task.queue for task in back} == {QueueName.RETRIES}
    assert all(START < task.not_before <= START + FARTHEST_TURN for task in back if task.not_before)
    assert (await office.event(EventId(back[0].body["event_id"]))).attempts == 0


async def test_several_addresses_on_one_host_are_one_receiver(
    office: PostOffice, receivers: Receivers
) -> None:
    ids = []
    for number in range(20):
        address = f"https://HANGS.example.com:443/hook/{number}"
        receivers.hanging.add(address)
        ids += await written(office, 2, await connected(office, number, address))
    await all_started(office, ids)
    assert receivers.open.total() == SHARE


async def test_a_hundred_hosts_that_never_answered_leave_places_to_those_that_did(
    office: PostOffice, receivers: Receivers
) -> None:
    await office.register(HOOK)
    await office.deliver(await office.write(1, C1))
    ids = []
    for number in range(100):
        receivers.hanging.add(address := f"https://dead{number}.example.com/")
        ids += await written(office, 1, await connected(office, number, address))
    await all_started(office, ids)
    assert receivers.open.total() == UNPROVEN
    good = await office.write(2, C1)
    assert (await started(office.deliver(good))).result() == Delivered(EventState.DELIVERED)


async def test_another_endpoint_of_the_same_event_waits_for_none(
    office: PostOffice, receivers: Receivers
) -> None:
    await office.register(HOOK)
    await office.register(OTHER)
    receivers.hanging = {OTHER}
    ids = await written(office, 30, C1)
    await all_started(office, ids)
    assert sorted(receivers.reached) == ids
    assert receivers.open[OTHER] == SHARE


@pytest.mark.parametrize("failure", HANGING)
async def test_one_that_hung_waits_by_itself_for_every_instance(
    office: PostOffice, receivers: Receivers, failure: Failure
) -> None:
    receivers.failure = failure
    connection = await connected(office, 1)
    first, *others = await written(office, 10, connection)
    task = await started(office.deliver(first))
    receivers.let_go.set()
    assert await task == Delivered(EventState.PENDING)
    for number, id in enumerate(others):
        if number == 5:
            again(office, receivers)
        assert await office.deliver(id) == Delivered(EventState.PENDING)
        put_off = await office.event(id)
        assert (put_off.attempts, put_off.next_attempt_at) == (0, START + FIRST_PAUSE)
    assert receivers.asked[OWN] == 1


@pytest.mark.parametrize("endpoint", [True, False], ids=["endpoint", "own address"])
async def test_the_time_that_one_asks_for_is_kept_for_all_its_events(
    office: PostOffice, receivers: Receivers, endpoint: bool
) -> None:
    connection = C1 if endpoint else await connected(office, 1)
    await office.register(OWN)
    first, *others = await written(office, 5, connection)
    throttles = Attempted(Failure.THROTTLED, 503, timedelta(hours=1))
    receivers.of = lambda _: _answering(throttles)  # type: ignore[method-assign, assignment]
    await office.deliver(first)
    del receivers.of
    again(office, receivers)
    for id in others:
        await office.deliver(id)
        assert (await office.event(id)).next_attempt_at == START + timedelta(hours=1)
    assert receivers.asked[OWN] == 0


async def test_another_address_of_a_connection_is_not_put_off(
    office: PostOffice, receivers: Receivers
) -> None:
    connection = await connected(office, 1)
    first, second = await written(office, 2, connection)
    task = await started(office.deliver(first))
    receivers.let_go.set()
    await task
    was = await office.store.connections.get(connection)
    assert was is not None
    await office.store.connections.swap(was, replace(was.value, webhook_url_override=HOOK))
    assert await office.deliver(second) == Delivered(EventState.DELIVERED)


async def test_after_its_pause_one_attempt_shows_and_the_pause_grows_to_its_limit(
    office: PostOffice, receivers: Receivers
) -> None:
    receivers.let_go.set()
    ids = await written(office, 200, await connected(office, 1))
    waits = []
    for number in range(12):
        await office.deliver(ids[number])
        until = office.deliver.places.waits_until(OWN)
        assert until is not None
        waits.append(until - office.clock.now())
        office.clock.current = until
    assert waits[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert waits[-1] == LONGEST_PAUSE
    receivers.let_go.clear()
    before = receivers.asked[OWN]
    await all_started(office, ids[50:90])
    assert receivers.asked[OWN] == before + 1


async def test_one_that_answers_again_gets_everything(
    office: PostOffice, receivers: Receivers
) -> None:
    ids = await written(office, 50, await connected(office, 1))
    tasks = await all_started(office, ids)
    receivers.let_go.set()
    await asyncio.gather(*tasks)
    receivers.hanging.clear()
    await office.pass_time(timedelta(minutes=20))
    assert sorted(receivers.reached) == ids


async def test_one_that_answers_others_meanwhile_is_not_put_off(
    office: PostOffice, receivers: Receivers
) -> None:
    slow, quick, later = await written(office, 3, await connected(office, 1))
    task = await started(office.deliver(slow))
    office.clock.current += timedelta(seconds=1)
    receivers.hanging.clear()
    await office.deliver(quick)
    receivers.let_go.set()
    await task
    assert await office.deliver(later) == Delivered(EventState.DELIVERED)


async def test_first_tries_have_a_queue_of_their_own(
    office: PostOffice, receivers: Receivers
) -> None:
    receivers.let_go.set()
    first, second = await written(office, 2, await connected(office, 1))
    assert {task.queue for task in office.line.take_due()} == {QueueName.EVENTS}
    await office.deliver(first)
    await office.redeliver(second)
    office.clock.current += FIRST_PAUSE
    await office.wake()
    assert {task.queue for task in office.line.waiting} == {QueueName.RETRIES}


async def test_a_delivery_that_cannot_claim_its_event_keeps_no_place(
    office: PostOffice, receivers: Receivers
) -> None:
    id = await office.write(1, await connected(office, 1))
    await asyncio.gather(*(started(office.deliver(id)) for _ in range(8)))
    assert receivers.open[OWN] == 1
    receivers.let_go.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert office.deliver.places.take({"a": Receiver("a", OTHER)})
    assert [place.address for place in office.deliver.places._taken] == [OTHER]


async def test_an_attempt_that_is_cancelled_before_it_begins_keeps_no_place(
    office: PostOffice,
) -> None:
    ids = [await office.write(number, await connected(office, number)) for number in range(1, 6)]
    for id in ids:
        work = asyncio.ensure_future(office.deliver(id))
        for turns in range(20):
            await asyncio.sleep(0)
            if office.deliver.places._taken or turns > 15:
                break
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert office.deliver.places._taken == []


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
