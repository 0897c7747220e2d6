"""The schedule, and what follows from an attempt."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.cursor import sequence_of
from shared.domain.events.delivery import (
    BUSY_WAIT,
    CLAIM,
    LONGEST_DEFERRED,
    SCHEDULE,
    Attempted,
    Failure,
    after,
    again,
    body_of,
    claim,
    defer,
    due_to,
    refuse,
    settle,
)
from shared.domain.events.event import (
    KEPT_UNDELIVERED,
    Delivery,
    DeliveryState,
    Event,
    EventState,
    EventType,
    new_event,
)
from shared.domain.ids import ConnectionId, EventId

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENT = Event(
    EventId("evt_1"),
    ConnectionId("c-1"),
    EventType.SYNC,
    {"type": "sync", "cursorSequence": 7, "über": "ü"},
    NOW,
    NOW,
)
FAILED = Attempted(Failure.REFUSED, 500)
GIVEN = Delivery(DeliveryState.DELIVERED, 1)
WAITING = Delivery(DeliveryState.WAITING, 1, NOW + timedelta(minutes=5), error=Failure.TIMEOUT)
DEAD = Delivery(DeliveryState.DEAD, 10, error=Failure.REFUSED)


def test_ten_attempts_are_made_over_three_days_and_then_the_event_is_dead() -> None:
    now, at, told = NOW, [], None
    while told is None or told.state is DeliveryState.WAITING:
        at.append(now - NOW)
        told = after(told, FAILED, now)
        now = told.next_attempt_at or now
    hours = [round(one / timedelta(hours=1), 3) for one in at]
    assert hours == [0, 0.001, 0.085, 0.585, 2.585, 7.585, 17.585, 31.585, 51.585, 75.585]
    assert (told.state, told.attempts, told.status) == (DeliveryState.DEAD, len(SCHEDULE), 500)


def test_what_the_receiver_has_stays_with_it() -> None:
    told = after(WAITING, Attempted(status=204), NOW)
    assert (told.state, told.attempts, told.error) == (DeliveryState.DELIVERED, 2, None)


def test_a_gone_receiver_is_asked_once() -> None:
    assert after(None, Attempted(Failure.GONE, 410), NOW).state is DeliveryState.DEAD


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (None, timedelta(seconds=5)),
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(days=400), timedelta(hours=24)),
    ],
)
def test_a_retry_after_is_honoured_within_a_day(asked: timedelta | None, wait: timedelta) -> None:
    told = after(None, Attempted(Failure.THROTTLED, 429, asked), NOW)
    assert told.next_attempt_at == NOW + wait


def test_a_claim_is_found_when_it_ends() -> None:
    held = claim(EVENT, NOW)
    assert held.claimed_until == held.next_attempt_at == NOW + CLAIM
    assert not held.extendable


def test_an_event_is_delivered_when_all_have_it() -> None:
    done = settle(EVENT, {"a": GIVEN, "b": GIVEN}, NOW)
    assert (done.state, done.delivered_at, done.next_attempt_at) == (
        EventState.DELIVERED,
        NOW,
        None,
    )
    assert done.expires_at is not None


def test_an_event_nobody_is_there_for_counts_as_delivered() -> None:
    assert settle(EVENT, {}, NOW).state is EventState.DELIVERED


def test_an_event_waits_for_the_first_of_those_who_lack_it() -> None:
    later = replace(WAITING, next_attempt_at=NOW + timedelta(hours=1))
    waiting = settle(EVENT, {"a": GIVEN, "b": later, "c": WAITING, "d": DEAD}, NOW)
    assert waiting.state is EventState.PENDING
    assert waiting.next_attempt_at == WAITING.next_attempt_at
    assert waiting.claimed_until is None


def test_an_event_that_one_never_got_is_dead() -> None:
    dead = settle(EVENT, {"a": GIVEN, "b": DEAD}, NOW)
    assert (dead.state, dead.last_error) == (EventState.DEAD, "refused")
    assert dead.expires_at == NOW + KEPT_UNDELIVERED, "what it holds of people goes too"


def test_a_receiver_that_was_removed_is_not_waited_for() -> None:
    was = replace(EVENT, deliveries={"removed": WAITING, "had it": GIVEN})
    done = settle(was, {"a": GIVEN}, NOW)
    assert done.state is EventState.DELIVERED
    assert set(done.deliveries) == {"had it", "a"}


def test_who_has_it_is_not_told_again_and_who_lacks_it_only_when_due() -> None:
    was = replace(EVENT, deliveries={"has": GIVEN, "waits": WAITING, "dead": DEAD})
    assert due_to(was, "new", NOW)
    assert not due_to(was, "has", NOW)
    assert not due_to(was, "waits", NOW)
    assert due_to(was, "waits", NOW + timedelta(minutes=5))
    assert not due_to(was, "dead", NOW + timedelta(days=9))


def test_a_dead_event_goes_again_to_those_who_lack_it() -> None:
    dead = settle(claim(EVENT, NOW), {"a": GIVEN, "b": DEAD}, NOW)
    due = again(dead, NOW)
    assert (due.state, due.next_attempt_at) == (EventState.PENDING, NOW)
    assert set(due.deliveries) == {"a"}
    assert not due.extendable


def test_a_delivered_event_goes_again_to_all() -> None:
    due = again(settle(EVENT, {"a": GIVEN}, NOW), NOW)
    assert due.deliveries == {}
    assert (due.delivered_at, due.expires_at) == (None, NOW + KEPT_UNDELIVERED)


def test_waiting_for_a_receivers_sake_is_no_attempt() -> None:
    put_off = defer(WAITING, NOW, NOW)
    assert (put_off.state, put_off.attempts) == (DeliveryState.WAITING, 1)
    assert refuse(None, Failure.DISABLED) == Delivery(DeliveryState.DEAD, error=Failure.DISABLED)


def test_an_event_that_is_put_off_for_ever_ends() -> None:
    put_off = defer(WAITING, NOW, NOW)
    end = NOW + LONGEST_DEFERRED
    assert defer(put_off, end, end).state is DeliveryState.WAITING
    late = end + timedelta(seconds=1)
    assert defer(put_off, late, late).state is DeliveryState.DEAD


def test_the_body_names_a_cursor_and_no_sequence_number() -> None:
    body = json.loads(body_of(EVENT))
    assert set(body) == {"from", "type", "über", "cursor", "createdAt"}
    assert sequence_of(EVENT.connection_id, body["cursor"]) == 7
    assert body_of(EVENT) == body_of(replace(EVENT, attempts=9))


@pytest.mark.parametrize("earlier", [None, WAITING])
def test_an_attempt_for_which_there_was_no_room_is_none(earlier: Delivery | None) -> None:
    made = after(earlier, Attempted(Failure.BUSY), NOW)
    assert made.attempts == (earlier.attempts if earlier else 0)
    assert (made.state, made.next_attempt_at) == (DeliveryState.WAITING, NOW + BUSY_WAIT)


@pytest.mark.parametrize(
    ("name", "model", "overtakes"),
    [("labels", "Label", True), ("threads", "Thread", False), ("labels", "Other", False)],
)
def test_a_sync_that_works_again_says_nothing_of_another(
    name: str, model: str, *, overtakes: bool
) -> None:
    """A failure is old news only once its own sync and model had a success."""

    def told(name: str, model: str, version: int, *, success: bool) -> Event:
        payload = {"syncName": name, "model": model, "success": success}
        return new_event(EVENT.connection_id, EventType.SYNC, payload, NOW, version=version)

    failed = told("labels", "Label", 1, success=False)
    assert failed.is_overtaken_by(told(name, model, 2, success=True)) is overtakes
