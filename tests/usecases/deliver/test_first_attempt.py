"""The first attempt within the request that commits the event, and what comes after it."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.events.delivery import CLAIM, Attempted, Failure
from shared.domain.events.event import DeliveryState, EventState
from shared.domain.ids import EventId, GoogleSub
from shared.ports.sinks import EventSettings, OutgoingEvent, Receiver
from shared.usecases.events import first_attempt
from shared.usecases.events.attempt import DELIVER_TASK
from shared.usecases.events.first_attempt import LEFT_ALONE
from shared.usecases.events.manage_endpoints import Registration
from shared.usecases.events.places import SHARE
from shared.usecases.events.receivers import REMEMBERED, KnownEndpoints
from tests.harness.delivering import C1, HOOK, OTHER, DeliveryHarness, fails
from tests.usecases.connect.interrupted import Bomb, Crash

HOUR = timedelta(hours=1)


async def commit(harness: DeliveryHarness, number: int = 1) -> EventId:
    """Write an event as a push's commit does, and try it at once."""
    event = await harness.first.claim(harness.made(number))
    await harness.outbox.create(event)
    await harness.first([event.id])
    return event.id


async def states_of(harness: DeliveryHarness, id: EventId) -> tuple[EventState, set[DeliveryState]]:
    event = await harness.event(id)
    return event.state, {one.state for one in event.deliveries.values()}


async def test_a_receiver_that_takes_it_is_told_without_a_task(harness: DeliveryHarness) -> None:
    await harness.register(HOOK)
    id = await commit(harness)
    assert harness.world.got(HOOK) == [id]
    assert await states_of(harness, id) == (EventState.DELIVERED, {DeliveryState.DELIVERED})
    assert harness.line.waiting == []


async def test_an_event_that_none_wants_is_stored_as_delivered(harness: DeliveryHarness) -> None:
    id = await commit(harness)
    assert await states_of(harness, id) == (EventState.DELIVERED, set())
    assert harness.line.waiting == []


async def test_a_connection_looked_up_before_is_not_read_again_for_that_event(
    harness: DeliveryHarness,
) -> None:
    kept, now = harness.store.connections, harness.clock.now()
    made = Connection(
        id=C1,
        email="ann@example.com",
        sub=GoogleSub("1"),
        scopes=frozenset(),
        status=ConnectionStatus.ACTIVE,
        created_at=now,
        updated_at=now,
        webhook_url_override=HOOK,
    )
    stored = await kept.create(made)
    await harness.first.beside(C1, asyncio.sleep(0))
    await kept.swap(stored, replace(made, webhook_url_override=OTHER))
    first = await commit(harness)
    second = await commit(harness, 2)
    assert harness.world.got(HOOK) == [first]
    assert harness.world.got(OTHER) == [second]


async def test_one_that_fails_comes_again_by_the_queue(harness: DeliveryHarness) -> None:
    await harness.register(HOOK)
    await harness.register(OTHER)
    harness.world.answers[OTHER] = fails(Failure.REFUSED)
    id = await commit(harness)
    assert [task.path for task in harness.line.waiting] == [DELIVER_TASK]
    harness.world.answers.clear()
    await harness.pass_time(timedelta(minutes=1))
    assert harness.world.got(HOOK) == harness.world.got(OTHER) == [id]


@pytest.mark.parametrize("sink", ["pubsub:projects/p/topics/t", "sqs:https://sqs.test/1/q"])
async def test_what_needs_another_right_is_left_to_the_queue(
    sink: str, harness: DeliveryHarness
) -> None:
    harness.settings = EventSettings(sinks=(sink,))
    harness.live_again()
    await harness.register(HOOK)
    id = await commit(harness)
    assert harness.world.got(HOOK) == []
    assert (await harness.event(id)).extendable
    assert [task.body["event_id"] for task in harness.line.waiting] == [id]


async def test_a_receiver_that_waits_lets_later_news_join_the_event(
    harness: DeliveryHarness,
) -> None:
    await harness.register(HOOK)
    harness.world.answers[HOOK] = fails(Failure.TIMEOUT)
    await commit(harness)
    second = await commit(harness, 2)
    assert (await harness.event(second)).extendable
    assert len(harness.world.reached[HOOK]) == 0
    harness.world.answers.clear()
    await harness.pass_time(HOUR)
    assert second in harness.world.got(HOOK)


async def test_one_that_takes_longer_is_asked_again_by_the_queue_and_then_left_to_it(
    harness: DeliveryHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.register(HOOK)
    monkeypatch.setattr(first_attempt, "LONGEST_WAIT", timedelta(0))

    async def hang(receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        await asyncio.Event().wait()
        raise AssertionError

    harness.first = replace(harness.first, sink=hang)
    id = await commit(harness)
    assert (await harness.event(id)).next_attempt_at == harness.clock.now()
    await harness.work()
    assert harness.world.got(HOOK) == [id]
    second = await commit(harness, 2)
    assert (await harness.event(second)).extendable
    harness.clock.current += LEFT_ALONE
    third = await commit(harness, 3)
    assert not (await harness.event(third)).extendable


async def test_a_receiver_without_a_place_gets_its_turn_by_the_queue(
    harness: DeliveryHarness,
) -> None:
    await harness.register(HOOK)
    for _ in range(SHARE):
        harness.attempts.places.take({"a": Receiver("a", HOOK)})
    harness.attempts.places._took[Receiver("a", HOOK).origin] = timedelta(seconds=1)
    id = await commit(harness)
    assert harness.world.got(HOOK) == []
    event = await harness.event(id)
    assert event.claimed_until is None
    assert event.next_attempt_at is not None
    assert [task.not_before for task in harness.line.waiting] == [event.next_attempt_at]


async def test_a_new_endpoint_is_told_here_at_once_and_elsewhere_within_seconds(
    harness: DeliveryHarness,
) -> None:
    await commit(harness)
    await harness.register(HOOK)
    here = await commit(harness, 2)
    elsewhere = replace(
        harness.endpoints, endpoints=KnownEndpoints(harness.store.webhook_endpoints, harness.clock)
    )
    await elsewhere.create(Registration(OTHER))
    harness.clock.current += REMEMBERED
    later = await commit(harness, 3)
    assert harness.world.got(HOOK) == [here, later]
    assert harness.world.got(OTHER) == [later]


async def _life(harness: DeliveryHarness) -> None:
    for number in (1, 2):
        await commit(harness, number)


async def _opened(folder: Path) -> DeliveryHarness:
    harness = DeliveryHarness(folder)
    await harness.register(HOOK)
    await harness.register(OTHER)
    harness.world.answers[OTHER] = fails(Failure.UNREACHABLE)
    return harness


async def test_killed_between_any_two_effects_every_stored_event_arrives(tmp_path: Path) -> None:
    whole = Bomb()
    harness = await _opened(tmp_path / "whole")
    harness.live(whole)
    await _life(harness)
    await harness.store.close()
    assert {one.split(".")[0] for one in whole.calls} >= {"outbox", "receiver", "sealer", "queue"}
    for at in range(1, len(whole.calls) + 1):
        for after in (False, True):
            await _killed(tmp_path / f"{at}-{after}", Bomb(at, after=after))


async def _killed(folder: Path, bomb: Bomb) -> None:
    harness = await _opened(folder)
    harness.live(bomb)
    with suppress(Crash):
        await _life(harness)
    harness.live(Bomb())
    harness.world.answers.clear()
    written = await harness.store.outbox.list(state=None, connection_id=None, limit=99)
    await harness.pass_time(CLAIM + HOUR)
    where = (bomb.calls[-1], bomb.at, bomb.after)
    for address in (HOOK, OTHER):
        assert set(harness.world.got(address)) == {one.id for one in written}, where
    await harness.store.close()
