"""The send ledger: what is due and listed, what a bulk holds, what came back, how it concludes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.domain.send.entry import SendState
from shared.errors import AlreadyExistsError, ConflictError
from shared.ports.store import Store
from tests.contracts.samples import C1, C2, bulk_send, event, send
from tests.harness.clock import START


async def _due_sends(store: Store, minutes: int, limit: int = 10) -> list[str]:
    now = START + timedelta(minutes=minutes)
    return [*await store.sends.due(now, limit)]


async def test_only_unfinished_sends_are_due(store: Store) -> None:
    for number, minutes in enumerate([2, 1, 9]):
        due = START + timedelta(minutes=minutes)
        await store.sends.create(send(f"l{number}", next_due_at=due))
    await store.sends.create(send("waits-for-nothing", next_due_at=None))
    await store.sends.create(send("over", next_due_at=START, state=SendState.UNKNOWN))
    assert sorted(await _due_sends(store, 2)) == ["l0", "l1"]
    was = await store.sends.get("l1")
    assert was
    await store.sends.swap(was, replace(was.value, state=SendState.SUBMITTED))
    assert await _due_sends(store, 2) == ["l0"]


async def test_the_most_overdue_send_comes_first(store: Store) -> None:
    first = send("l0", next_due_at=START)
    await store.sends.create(send("x1", next_due_at=START + timedelta(seconds=1)))
    await store.sends.create(first)
    later = START + timedelta(minutes=1)
    assert await store.sends.due(later, 10) == ["l0", "x1"]
    assert await store.sends.due(later, 1) == ["l0"]


async def test_many_sends_are_read_at_once_without_their_requests(store: Store) -> None:
    entries = [send(f"l{number}", request=b"sealed") for number in range(12)]
    for entry in entries:
        await store.sends.create(entry)
    found = await store.sends.many([*(entry.id for entry in entries), "nobody"])
    assert found == {entry.id: replace(entry, request=b"") for entry in entries}
    assert await store.sends.many([]) == {}


async def test_a_send_is_found_by_its_marker_and_by_its_message_id(store: Store) -> None:
    one = send("l1", marker="m1", rfc822_message_id="<1@mail.example>")
    other = send("l2", marker="m2", rfc822_message_id=None)
    foreign = send("l3", C2, marker="m3", rfc822_message_id=None)
    for entry in (one, other, foreign):
        await store.sends.create(entry)
    assert await store.sends.list_traced(C1, ["nothing", "m2"]) == [other]
    assert await store.sends.list_traced(C1, ["<1@mail.example>", "m3"]) == [one]
    found = await store.sends.list_traced(C1, ["m1", "m2", "<1@mail.example>"])
    assert sorted(entry.id for entry in found) == ["l1", "l2"]


async def test_a_message_id_added_later_is_found_too(store: Store) -> None:
    was = await store.sends.create(send("l1", rfc822_message_id=None))
    await store.sends.swap(was, replace(was.value, rfc822_message_id="<late@mail.example>"))
    assert [one.id for one in await store.sends.list_traced(C1, ["<late@mail.example>"])] == ["l1"]


async def test_an_event_that_exists_keeps_a_send_from_being_concluded(store: Store) -> None:
    """Both or neither: a conclusion without its event would be told to nobody."""
    was = await store.sends.create(send("l1"))
    await store.outbox.create(event("e1"))
    with pytest.raises(ConflictError):
        await store.sends.conclude(was, replace(was.value, state=SendState.FAILED), event("e1"))
    assert await store.sends.get("l1") == was


async def test_unfinished_bulks_are_due_and_listed_oldest_first(store: Store) -> None:
    for number in (3, 1, 2):
        at = START + timedelta(minutes=number)
        await store.bulk_sends.create(bulk_send(f"b{number}", created_at=at, next_due_at=at))
    await store.bulk_sends.create(bulk_send("b9", C2))
    assert [one.id for one in await store.bulk_sends.list_unfinished(C1, 2)] == ["b1", "b2"]
    was = await store.bulk_sends.get("b1")
    assert was
    await store.bulk_sends.swap(was, replace(was.value, finished_at=START))
    assert [one.id for one in await store.bulk_sends.list_unfinished(C1, 9)] == ["b2", "b3"]
    now = START + timedelta(minutes=2)
    due = await store.bulk_sends.due(now, 9)
    assert sorted(due) == ["b2", "b9"]


def _at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


async def test_sends_of_one_connection_are_listed_newest_first(store: Store) -> None:
    for i in range(4):
        await store.sends.create(send(f"l{i}", C2 if i == 2 else C1, created_at=_at(i)))
    assert [one.id for one in await store.sends.list(C1, 2)] == ["l3", "l1"]
    assert await store.sends.list(C2, 5) == [send("l2", C2, created_at=_at(2), request=b"")]


async def test_sends_are_listed_newest_first_by_everything_asked(store: Store) -> None:
    states = [SendState.UNKNOWN, SendState.SUBMITTED]
    made = [
        send(f"l{i}", [C1, C2][i % 2], created_at=_at(i), state=states[i // 4], request=b"")
        for i in range(8)
    ]
    for one in made:
        await store.sends.create(one)
    for owner in (None, C1, C2):
        for state in (None, *states):
            for until in (None, _at(5)):
                expected = [
                    one
                    for one in reversed(made)
                    if (owner is None or one.connection_id == owner)
                    and (state is None or one.state is state)
                    and (until is None or one.created_at <= until)
                ]
                found = await store.sends.list(owner, 3, state=state, until=until)
                assert list(found) == expected[:3]


async def test_a_send_is_listed_under_its_present_state(store: Store) -> None:
    was = await store.sends.create(send())
    await store.sends.swap(was, replace(was.value, state=SendState.CANCELLED))
    assert await store.sends.list(None, 9, state=SendState.ACCEPTED) == []
    assert [one.id for one in await store.sends.list(None, 9, state=SendState.CANCELLED)] == ["l1"]


async def test_a_send_is_concluded_together_with_its_event(store: Store) -> None:
    was = await store.sends.create(send())
    final = replace(was.value, state=SendState.SUBMITTED)
    concluded = await store.sends.conclude(was, final, event())
    assert await store.sends.get("l1") == concluded
    reported = await store.outbox.get("e1")
    assert reported
    assert reported.value == event()


async def test_a_send_concluded_late_reports_nothing(store: Store) -> None:
    was = await store.sends.create(send())
    claimed = await store.sends.swap(was, replace(was.value, claimed_until=START))
    with pytest.raises(ConflictError):
        await store.sends.conclude(was, replace(was.value, state=SendState.FAILED), event())
    assert await store.outbox.get("e1") is None
    existing = await store.outbox.create(event(attempts=7))
    with pytest.raises(AlreadyExistsError):
        await store.sends.conclude(claimed, replace(was.value, state=SendState.FAILED), event())
    assert await store.sends.get("l1") == claimed
    assert await store.outbox.get("e1") == existing
