"""Calls that wait for a person: what is due, what is listed, and that each step is told."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.keys.approval import ApprovalState, approval_event
from shared.errors import AlreadyExistsError, ConflictError
from shared.ports.store import Store
from tests.contracts.samples import C1, C2, approval, event, send_count
from tests.harness.clock import START

MINUTE = timedelta(minutes=1)


async def test_a_request_and_the_event_that_tells_of_it_are_one_commit(store: Store) -> None:
    """Both or neither: a request nobody hears of would wait for nothing."""
    asked = approval("p1")
    told = approval_event(asked, "requested", START)
    was = await store.approvals.open(asked, told)
    assert await store.approvals.get("p1") == was
    assert (await store.outbox.get(told.id)) is not None
    await store.outbox.create(event("e1"))
    with pytest.raises(AlreadyExistsError):
        await store.approvals.open(approval("p2"), event("e1"))
    assert await store.approvals.get("p2") is None


async def test_a_decision_and_its_event_are_one_commit(store: Store) -> None:
    was = await store.approvals.create(approval("p1"))
    rejected = was.value.with_decision(ApprovalState.REJECTED, START, "key-2", "Not this week.")
    await store.outbox.create(event("e1"))
    with pytest.raises(ConflictError):
        await store.approvals.conclude(was, rejected, event("e1"))
    assert await store.approvals.get("p1") == was
    now = await store.approvals.conclude(was, rejected, event("e2"))
    assert await store.approvals.get("p1") == now
    assert now.value == rejected


async def test_of_two_who_decide_at_once_one_is_heard(store: Store) -> None:
    was = await store.approvals.create(approval("p1"))
    yes = was.value.with_decision(ApprovalState.APPROVED, START, "key-2")
    no = was.value.with_decision(ApprovalState.REJECTED, START, "key-3")
    outcomes = await asyncio.gather(
        store.approvals.conclude(was, yes, event("e-yes")),
        store.approvals.conclude(was, no, event("e-no")),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, ConflictError) for one in outcomes) == [False, True]
    told = [await store.outbox.get(id) is not None for id in ("e-yes", "e-no")]
    assert sorted(told) == [False, True]


async def test_what_is_due_is_found(store: Store) -> None:
    for number in range(3):
        due = START + number * MINUTE
        await store.approvals.create(approval(f"p{number}", next_due_at=due))
    await store.approvals.create(approval("over", next_due_at=None))
    now = START + MINUTE
    found = await store.approvals.due(now, 9)
    assert sorted(found) == ["p0", "p1"]
    was = await store.approvals.get("p0")
    assert was
    await store.approvals.swap(was, replace(was.value, next_due_at=None))
    assert await store.approvals.due(START, 9) == []


async def test_approvals_are_listed_newest_first_by_state_and_connection(store: Store) -> None:
    made = [
        approval("p0", created_at=START),
        approval("p1", created_at=START + MINUTE, state=ApprovalState.REJECTED),
        approval("p2", C2, created_at=START + 2 * MINUTE),
        approval("p3", created_at=START + 3 * MINUTE),
    ]
    for one in made:
        await store.approvals.create(one)

    async def listed(**asked: object) -> list[str]:
        given = {"connection_id": None, "state": None, "limit": 9, **asked}
        return [one.id for one in await store.approvals.list(**given)]  # type: ignore[arg-type]

    assert await listed() == ["p3", "p2", "p1", "p0"]
    assert await listed(limit=2) == ["p3", "p2"]
    assert await listed(connection_id=C1) == ["p3", "p1", "p0"]
    assert await listed(state=ApprovalState.PENDING) == ["p3", "p2", "p0"]
    assert await listed(connection_id=C1, state=ApprovalState.REJECTED) == ["p1"]
    assert await listed(until=START + MINUTE) == ["p1", "p0"]
    assert await listed(among=[C2]) == ["p2"]
    assert await listed(among=[C1, "other"], limit=2) == ["p3", "p1"]
    assert await listed(among=[C2], connection_id=C1) == []
    assert await listed(among=[]) == []


async def test_of_two_who_count_at_once_one_has_to_read_again(store: Store) -> None:
    was = await store.send_counts.create(send_count(sends=()))
    outcomes = await asyncio.gather(
        store.send_counts.swap(was, was.value.with_sends(["a" * 64])),
        store.send_counts.swap(was, was.value.with_sends(["b" * 64])),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, ConflictError) for one in outcomes) == [False, True]
