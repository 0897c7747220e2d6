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
from tests.usecases.deliver.post_office import C1, C2, HOOK, MINUTE, OTHER, PostOffice, fails

DAY = timedelta(days=1)
OWN = "https://own.example.com/"


async def test_an_event_is_delivered_with_the_commit_that_wrote_it(office: PostOffice) -> None:
    await office.register()
    id = await office.write()
    await office.work()
    event = await office.event(id)
    assert office.world.got(HOOK) == [id]
    assert (event.state, event.attempts, event.delivered_at) == (EventState.DELIVERED, 1, START)
    assert event.expires_at is not None


async def test_the_same_task_twice_delivers_once(office: PostOffice) -> None:
    await office.register()
    id = await office.write()
    assert await office.deliver(id) == Delivered(EventState.DELIVERED)
    assert await office.deliver(id) == NotDue()
    assert office.world.got(HOOK) == [id]


async def test_an_event_with_nobody_to_tell_is_done_and_can_be_sent_later(
    office: PostOffice,
) -> None:
    id = await office.write()
    await office.work()
    assert (await office.event(id)).state is EventState.DELIVERED
    await office.register()
    await office.redeliver.since(START, until=None, state=EventState.DELIVERED, connection_id=None)
    await office.work()
    assert office.world.got(HOOK) == [id]


async def test_attempts_follow_the_schedule_and_end_in_the_dead_letters(
    office: PostOffice,
) -> None:
    await office.register()
    office.world.answers[HOOK] = fails()
    id = await office.write()
    waits, last = [], START
    while (event := await office.event(id)).state is EventState.PENDING:
        assert event.next_attempt_at is not None
        waits.append(event.next_attempt_at - last)
        last = office.clock.current = event.next_attempt_at
        await office.deliver(id)
    assert tuple(waits) == SCHEDULE
    assert (event.state, event.last_error) == (EventState.DEAD, "refused")
    dead = await office.store.outbox.list(state=EventState.DEAD, connection_id=None, limit=9)
    assert [one.id for one in dead] == [id]


async def test_a_dead_event_is_redelivered_on_request(office: PostOffice) -> None:
    await office.register()
    office.world.answers[HOOK] = fails()
    id = await office.write()
    await office.pass_time(4 * DAY)
    assert (await office.event(id)).state is EventState.DEAD
    office.world.answers.clear()
    await office.redeliver(id)
    await office.work()
    assert office.world.got(HOOK) == [id]
    assert (await office.event(id)).state is EventState.DELIVERED


async def test_a_receiver_that_fails_for_a_day_gets_everything_when_it_recovers(
    office: PostOffice,
) -> None:
    await office.register()
    office.world.answers[HOOK] = fails(Failure.UNREACHABLE)
    written = []
    for number in range(48):
        written.append(await office.write(number))
        await office.pass_time(DAY / 48)
    assert office.world.got(HOOK) == []
    office.world.answers.clear()
    await office.pass_time(DAY)
    assert sorted(office.world.got(HOOK)) == written
    assert await office.states() == {EventState.DELIVERED}


async def test_who_has_the_event_is_not_told_again_because_another_failed(
    office: PostOffice,
) -> None:
    await office.register(HOOK)
    await office.register(OTHER)
    office.world.answers[OTHER] = fails()
    id = await office.write()
    await office.pass_time(20 * MINUTE)
    assert office.world.got(HOOK) == [id]
    assert (await office.event(id)).state is EventState.PENDING
    office.world.answers.clear()
    await office.pass_time(timedelta(hours=1))
    assert office.world.got(HOOK) == office.world.got(OTHER) == [id]
    assert (await office.event(id)).state is EventState.DELIVERED


async def test_a_dead_event_goes_again_only_to_those_who_lack_it(office: PostOffice) -> None:
    await office.register(HOOK)
    await office.register(OTHER)
    office.world.answers[OTHER] = fails()
    id = await office.write()
    await office.pass_time(4 * DAY)
    office.world.answers.clear()
    await office.redeliver(id)
    await office.work()
    assert office.world.got(HOOK) == office.world.got(OTHER) == [id]


async def test_a_delivered_event_goes_again_to_all_on_request(office: PostOffice) -> None:
    await office.register(HOOK)
    id = await office.write()
    await office.work()
    await office.redeliver(id)
    await office.work()
    assert office.world.got(HOOK) == [id, id]


async def test_an_endpoint_that_says_gone_is_disabled_and_its_events_are_kept(
    office: PostOffice,
) -> None:
    endpoint = await office.register()
    office.world.answers[HOOK] = fails(Failure.GONE, 410)
    first = await office.write(1)
    await office.work()
    stored = await office.store.webhook_endpoints.get(endpoint)
    assert stored is not None
    assert stored.value.disabled_reason == "gone"
    office.world.answers[HOOK] = lambda _: Attempted(status=200)
    second = await office.write(2)
    await office.work()
    assert office.world.got(HOOK) == []
    assert (await office.event(second)).last_error == "endpoint_disabled"
    await office.endpoints.change(endpoint, {"enabled": True})
    made = await office.redeliver.since(
        START, until=None, state=EventState.DEAD, connection_id=None
    )
    await office.work()
    assert (made.count, made.more) == (2, False)
    assert sorted(office.world.got(HOOK)) == [first, second]


async def test_a_receiver_that_asks_for_time_is_left_alone_with_all_events(
    office: PostOffice,
) -> None:
    await office.register()
    asked: list[str] = []

    def throttles(outgoing: object) -> Attempted:
        asked.append(str(outgoing))
        return Attempted(Failure.THROTTLED, 429, timedelta(hours=1))

    office.world.answers[HOOK] = throttles
    await office.write(1)
    await office.work()
    for number in range(2, 12):
        await office.write(number)
        await office.work()
    assert len(asked) == 1
    office.world.answers.clear()
    await office.pass_time(timedelta(minutes=59))
    assert office.world.got(HOOK) == []
    await office.pass_time(timedelta(minutes=2))
    assert len(office.world.got(HOOK)) == 11


async def test_an_endpoint_gets_the_types_and_connections_it_asked_for(
    office: PostOffice,
) -> None:
    await office.register(HOOK, types=frozenset({EventType.AUTH}))
    await office.register(OTHER, connection_ids=frozenset({C2}))
    await office.write(1, C1)
    second = await office.write(2, C2)
    await office.work()
    assert office.world.got(HOOK) == []
    assert office.world.got(OTHER) == [second]


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
    office: PostOffice,
) -> None:
    secret = new_secret()
    office.settings = EventSettings((secret,), ("pubsub:projects/p/topics/t",))
    await office.store.connections.create(_connection())
    await office.register(HOOK)
    await office.register(OTHER, connection_ids=frozenset({C1}))
    office_event = await office.write(1)
    office.live_again()
    await office.work()
    assert office.world.got(OWN) == office.world.got(OTHER) == [office_event]
    assert office.world.got("pubsub:projects/p/topics/t") == [office_event]
    assert office.world.got(HOOK) == []
    assert office.world.signed_with[OWN] == (secret,)


async def test_each_receiver_gets_the_flavour_it_was_written_for(office: PostOffice) -> None:
    await office.register(HOOK)
    await office.register(OTHER, flavour=Flavour.NANGO, secret="their key")
    await office.write(1)
    await office.work()
    ours, theirs = (json.loads(office.world.reached[url][0].body) for url in (HOOK, OTHER))
    assert (ours.pop("from"), theirs.pop("from")) == ("postroom", "nango")
    assert ours == theirs
    assert office.world.signed_with[OTHER] == ("their key",)


async def test_an_event_keeps_the_address_of_a_connection_that_is_gone(
    office: PostOffice,
) -> None:
    await office.register(HOOK)
    id = await office.write(1, webhook_url_override=OWN)
    await office.work()
    assert office.world.got(OWN) == [id]
    assert office.world.got(HOOK) == []


async def test_two_secrets_sign_while_one_is_rotated_out(office: PostOffice) -> None:
    endpoint = await office.register(secret=(old := new_secret()))
    fresh = (await office.endpoints.rotate(endpoint, None, DAY)).secret
    await office.write(1)
    await office.work()
    assert office.world.signed_with[HOOK] == (fresh, old)
    newest = (await office.endpoints.rotate(endpoint, None, DAY)).secret
    await office.write(2)
    await office.work()
    assert office.world.signed_with[HOOK] == (newest, fresh)
    office.clock.current += DAY
    await office.write(3)
    await office.work()
    assert office.world.signed_with[HOOK] == (newest,)


async def test_an_event_in_another_workers_hands_is_left_to_it(office: PostOffice) -> None:
    await office.register()
    id = await office.write()
    found = await office.store.outbox.get(id)
    assert found is not None
    claimed = replace(found.value, claimed_until=START + MINUTE, next_attempt_at=START + MINUTE)
    await office.store.outbox.swap(found, claimed)
    assert await office.deliver(id) == NotDue()
    office.clock.current += MINUTE
    assert await office.deliver(id) == Delivered(EventState.DELIVERED)


async def test_an_endpoint_whose_secret_does_not_open_holds_up_nobody_else(
    office: PostOffice,
) -> None:
    broken = await office.register(HOOK)
    await office.register(OTHER)
    was = await office.store.webhook_endpoints.get(broken)
    assert was is not None
    spoilt = tuple(replace(one, sealed=one.sealed[:-1]) for one in was.value.secrets)
    await office.store.webhook_endpoints.swap(was, replace(was.value, secrets=spoilt))
    id = await office.write()
    await office.work()
    assert office.world.got(OTHER) == [id]
    assert (await office.event(id)).last_error == "misconfigured"


async def test_every_attempt_is_in_the_operations_log(office: PostOffice) -> None:
    endpoint = await office.register(HOOK)
    other = await office.register(OTHER)
    office.world.answers[OTHER] = fails(Failure.ADDRESS_REFUSED, 0)
    id = await office.write()
    await office.work()
    (entry,) = await office.store.operations.list(
        connection_id=C1, type=OperationType.DELIVERY, state=None, limit=9
    )
    assert (entry.state, entry.error) == (OperationState.PARTIAL, "address_refused")
    assert entry.detail["event_id"] == id
    assert entry.detail["receivers"] == {
        endpoint: {"status": 200, "error": None},
        other: {"status": 0, "error": "address_refused"},
    }


async def test_a_removed_endpoint_is_not_waited_for(office: PostOffice) -> None:
    endpoint = await office.register()
    office.world.answers[HOOK] = fails()
    id = await office.write()
    await office.work()
    await office.endpoints.delete(endpoint)
    await office.pass_time(timedelta(minutes=10))
    assert (await office.event(id)).state is EventState.DELIVERED


async def test_an_event_that_waits_in_a_long_queue_is_not_enqueued_at_every_look(
    office: PostOffice,
) -> None:
    await office.register()
    await office.write()
    for _ in range(30):
        office.clock.current += MINUTE
        await office.wake()
    assert len(office.line.waiting) <= 3
