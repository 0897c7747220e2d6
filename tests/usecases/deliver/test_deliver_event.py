"""Delivering events: to whom, when, and what becomes of the event."""

import json
from dataclasses import replace
from datetime import timedelta

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.events.delivery import SCHEDULE, Attempted, Failure
from shared.domain.events.event import EventState, EventType
from shared.domain.events.flavour import Flavour
from shared.domain.events.webhook_secret import new_secret
from shared.domain.ids import GoogleSub
from shared.domain.operation import OperationState, OperationType
from shared.ports.sinks import EventSettings
from shared.usecases.events.deliver_event import Delivered, NotDue
from tests.harness.clock import START
from tests.harness.delivering import C1, C2, HOOK, MINUTE, OTHER, DeliveryHarness, fails

DAY = timedelta(days=1)
OWN = "https://own.example.com/"


async def test_an_event_is_delivered_with_the_commit_that_wrote_it(
    harness: DeliveryHarness,
) -> None:
    await harness.register()
    id = await harness.write()
    await harness.work()
    event = await harness.event(id)
    assert harness.world.got(HOOK) == [id]
    assert (event.state, event.attempts, event.delivered_at) == (EventState.DELIVERED, 1, START)
    assert event.expires_at is not None


async def test_the_same_task_twice_delivers_once(harness: DeliveryHarness) -> None:
    await harness.register()
    id = await harness.write()
    assert await harness.deliver(id) == Delivered(EventState.DELIVERED)
    assert await harness.deliver(id) == NotDue()
    assert harness.world.got(HOOK) == [id]


async def test_an_event_with_nobody_to_tell_is_done_and_can_be_sent_later(
    harness: DeliveryHarness,
) -> None:
    id = await harness.write()
    await harness.work()
    assert (await harness.event(id)).state is EventState.DELIVERED
    await harness.register()
    await harness.redeliver.since(START, until=None, state=EventState.DELIVERED, connection_id=None)
    await harness.work()
    assert harness.world.got(HOOK) == [id]


async def test_attempts_follow_the_schedule_and_end_in_the_dead_letters(
    harness: DeliveryHarness,
) -> None:
    await harness.register()
    harness.world.answers[HOOK] = fails()
    id = await harness.write()
    waits, last = [], START
    while (event := await harness.event(id)).state is EventState.PENDING:
        assert event.next_attempt_at is not None
        waits.append(event.next_attempt_at - last)
        last = harness.clock.current = event.next_attempt_at
        await harness.deliver(id)
    assert tuple(waits) == SCHEDULE
    assert (event.state, event.last_error) == (EventState.DEAD, "refused")
    dead = await harness.store.outbox.list(state=EventState.DEAD, connection_id=None, limit=9)
    assert [one.id for one in dead] == [id]


async def test_a_dead_event_is_redelivered_on_request(harness: DeliveryHarness) -> None:
    await harness.register()
    harness.world.answers[HOOK] = fails()
    id = await harness.write()
    await harness.pass_time(4 * DAY)
    assert (await harness.event(id)).state is EventState.DEAD
    harness.world.answers.clear()
    await harness.redeliver(id)
    await harness.work()
    assert harness.world.got(HOOK) == [id]
    assert (await harness.event(id)).state is EventState.DELIVERED


async def test_a_receiver_that_fails_for_a_day_gets_everything_when_it_recovers(
    harness: DeliveryHarness,
) -> None:
    await harness.register()
    harness.world.answers[HOOK] = fails(Failure.UNREACHABLE)
    written = []
    for number in range(48):
        written.append(await harness.write(number))
        await harness.pass_time(DAY / 48)
    assert harness.world.got(HOOK) == []
    harness.world.answers.clear()
    await harness.pass_time(DAY)
    assert sorted(harness.world.got(HOOK)) == written
    assert await harness.states() == {EventState.DELIVERED}


async def test_who_has_the_event_is_not_told_again_because_another_failed(
    harness: DeliveryHarness,
) -> None:
    await harness.register(HOOK)
    await harness.register(OTHER)
    harness.world.answers[OTHER] = fails()
    id = await harness.write()
    await harness.pass_time(20 * MINUTE)
    assert harness.world.got(HOOK) == [id]
    assert (await harness.event(id)).state is EventState.PENDING
    harness.world.answers.clear()
    await harness.pass_time(timedelta(hours=1))
    assert harness.world.got(HOOK) == harness.world.got(OTHER) == [id]
    assert (await harness.event(id)).state is EventState.DELIVERED


async def test_a_dead_event_goes_again_only_to_those_who_lack_it(harness: DeliveryHarness) -> None:
    await harness.register(HOOK)
    await harness.register(OTHER)
    harness.world.answers[OTHER] = fails()
    id = await harness.write()
    await harness.pass_time(4 * DAY)
    harness.world.answers.clear()
    await harness.redeliver(id)
    await harness.work()
    assert harness.world.got(HOOK) == harness.world.got(OTHER) == [id]


async def test_a_delivered_event_goes_again_to_all_on_request(harness: DeliveryHarness) -> None:
    await harness.register(HOOK)
    id = await harness.write()
    await harness.work()
    await harness.redeliver(id)
    await harness.work()
    assert harness.world.got(HOOK) == [id, id]


async def test_an_endpoint_that_says_gone_is_disabled_and_its_events_are_kept(
    harness: DeliveryHarness,
) -> None:
    endpoint = await harness.register()
    harness.world.answers[HOOK] = fails(Failure.GONE, 410)
    first = await harness.write(1)
    await harness.work()
    stored = await harness.store.webhook_endpoints.get(endpoint)
    assert stored is not None
    assert stored.value.disabled_reason == "gone"
    harness.world.answers[HOOK] = lambda _: Attempted(status=200)
    second = await harness.write(2)
    await harness.work()
    assert harness.world.got(HOOK) == []
    assert (await harness.event(second)).last_error == "endpoint_disabled"
    await harness.endpoints.change(endpoint, {"enabled": True})
    made = await harness.redeliver.since(
        START, until=None, state=EventState.DEAD, connection_id=None
    )
    await harness.work()
    assert (made.count, made.more) == (2, False)
    assert sorted(harness.world.got(HOOK)) == [first, second]


async def test_a_receiver_that_asks_for_time_is_left_alone_with_all_events(
    harness: DeliveryHarness,
) -> None:
    await harness.register()
    asked: list[str] = []

    def throttles(outgoing: object) -> Attempted:
        asked.append(str(outgoing))
        return Attempted(Failure.THROTTLED, 429, timedelta(hours=1))

    harness.world.answers[HOOK] = throttles
    await harness.write(1)
    await harness.work()
    for number in range(2, 12):
        await harness.write(number)
        await harness.work()
    assert len(asked) == 1
    harness.world.answers.clear()
    await harness.pass_time(timedelta(minutes=59))
    assert harness.world.got(HOOK) == []
    await harness.pass_time(timedelta(minutes=2))
    assert len(harness.world.got(HOOK)) == 11


async def test_an_endpoint_gets_the_types_and_connections_it_asked_for(
    harness: DeliveryHarness,
) -> None:
    await harness.register(HOOK, types=frozenset({EventType.AUTH}))
    await harness.register(OTHER, connection_ids=frozenset({C2}))
    await harness.write(1, C1)
    second = await harness.write(2, C2)
    await harness.work()
    assert harness.world.got(HOOK) == []
    assert harness.world.got(OTHER) == [second]


def _connection() -> Connection:
    return Connection(
        id=C1,
        email="ann@example.com",
        sub=GoogleSub("1"),
        scopes=frozenset(),
        status=ConnectionStatus.ACTIVE,
        created_at=START,
        updated_at=START,
        webhook_url_override=OWN,
    )


async def test_a_connections_own_address_takes_the_place_of_the_common_ones(
    harness: DeliveryHarness,
) -> None:
    secret = new_secret()
    harness.settings = EventSettings((secret,), ("pubsub:projects/p/topics/t",))
    await harness.store.connections.create(_connection())
    await harness.register(HOOK)
    await harness.register(OTHER, connection_ids=frozenset({C1}))
    office_event = await harness.write(1)
    harness.live_again()
    await harness.work()
    assert harness.world.got(OWN) == harness.world.got(OTHER) == [office_event]
    assert harness.world.got("pubsub:projects/p/topics/t") == [office_event]
    assert harness.world.got(HOOK) == []
    assert harness.world.signed_with[OWN] == (secret,)


async def test_each_receiver_gets_the_flavour_it_was_written_for(harness: DeliveryHarness) -> None:
    await harness.register(HOOK)
    await harness.register(OTHER, flavour=Flavour.NANGO, secret="their key")
    await harness.write(1)
    await harness.work()
    ours, theirs = (json.loads(harness.world.reached[url][0].body) for url in (HOOK, OTHER))
    assert (ours.pop("from"), theirs.pop("from")) == ("postroom", "nango")
    assert {**ours, "providerConfigKey": "google-mail"} == theirs
    assert harness.world.signed_with[OTHER] == ("their key",)


async def test_an_event_keeps_the_address_of_a_connection_that_is_gone(
    harness: DeliveryHarness,
) -> None:
    await harness.register(HOOK)
    id = await harness.write(1, webhook_url_override=OWN)
    await harness.work()
    assert harness.world.got(OWN) == [id]
    assert harness.world.got(HOOK) == []


async def test_two_secrets_sign_while_one_is_rotated_out(harness: DeliveryHarness) -> None:
    endpoint = await harness.register(secret=(old := new_secret()))
    fresh = (await harness.endpoints.rotate(endpoint, None, DAY)).secret
    await harness.write(1)
    await harness.work()
    assert harness.world.signed_with[HOOK] == (fresh, old)
    newest = (await harness.endpoints.rotate(endpoint, None, DAY)).secret
    await harness.write(2)
    await harness.work()
    assert harness.world.signed_with[HOOK] == (newest, fresh)
    harness.clock.current += DAY
    await harness.write(3)
    await harness.work()
    assert harness.world.signed_with[HOOK] == (newest,)


async def test_an_event_in_another_workers_hands_is_left_to_it(harness: DeliveryHarness) -> None:
    await harness.register()
    id = await harness.write()
    found = await harness.store.outbox.get(id)
    assert found is not None
    claimed = replace(found.value, claimed_until=START + MINUTE, next_attempt_at=START + MINUTE)
    await harness.store.outbox.swap(found, claimed)
    assert await harness.deliver(id) == NotDue()
    harness.clock.current += MINUTE
    assert await harness.deliver(id) == Delivered(EventState.DELIVERED)


async def test_an_endpoint_whose_secret_does_not_open_holds_up_nobody_else(
    harness: DeliveryHarness,
) -> None:
    broken = await harness.register(HOOK)
    await harness.register(OTHER)
    was = await harness.store.webhook_endpoints.get(broken)
    assert was is not None
    spoilt = tuple(replace(one, sealed=one.sealed[:-1]) for one in was.value.secrets)
    await harness.store.webhook_endpoints.swap(was, replace(was.value, secrets=spoilt))
    id = await harness.write()
    await harness.work()
    assert harness.world.got(OTHER) == [id]
    assert (await harness.event(id)).last_error == "misconfigured"


async def test_every_attempt_is_in_the_operations_log(harness: DeliveryHarness) -> None:
    endpoint = await harness.register(HOOK)
    other = await harness.register(OTHER)
    harness.world.answers[OTHER] = fails(Failure.ADDRESS_REFUSED, 0)
    id = await harness.write()
    await harness.work()
    (entry,) = await harness.store.operations.list(
        connection_id=C1, type=OperationType.DELIVERY, state=None, limit=9
    )
    assert (entry.state, entry.error) == (OperationState.PARTIAL, "address_refused")
    assert entry.detail["event_id"] == id
    assert entry.detail["receivers"] == {
        endpoint: {"status": 200, "error": None},
        other: {"status": 0, "error": "address_refused"},
    }


async def test_a_removed_endpoint_is_not_waited_for(harness: DeliveryHarness) -> None:
    endpoint = await harness.register()
    harness.world.answers[HOOK] = fails()
    id = await harness.write()
    await harness.work()
    await harness.endpoints.delete(endpoint)
    await harness.pass_time(timedelta(minutes=10))
    assert (await harness.event(id)).state is EventState.DELIVERED


async def test_an_event_that_waits_in_a_long_queue_is_not_enqueued_at_every_look(
    harness: DeliveryHarness,
) -> None:
    await harness.register()
    await harness.write()
    for _ in range(30):
        harness.clock.current += MINUTE
        await harness.wake()
    assert len(harness.line.waiting) <= 3
