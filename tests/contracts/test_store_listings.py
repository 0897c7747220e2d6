"""What lists, searches and due queries promise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from shared.domain.connect.connection import Connection
from shared.domain.events.event import EventState
from shared.domain.ids import ConnectionId
from shared.domain.operation import OperationState, OperationType
from shared.errors import ConflictError
from shared.ports.connections import ConnectionQuery
from shared.ports.store import Store
from tests.contracts.backends import Backend
from tests.contracts.samples import (
    C1,
    C2,
    api_key,
    connection,
    event,
    mailbox,
    operation,
    webhook_endpoint,
)
from tests.harness.clock import START

OTHERS = [ConnectionId(f"other-{number}") for number in range(100)]
"""More than one query of Firestore's can name."""
ALL = {"type": None, "state": None}


async def _created(store: Store, *made: Connection) -> None:
    for one in made:
        await store.connections.create(one)


async def _ids(store: Store, **query: Any) -> list[str]:
    return [one.id for one in await store.connections.find(ConnectionQuery(**query))]


async def test_the_keys_that_a_key_made_are_found_the_revoked_ones_too(store: Store) -> None:
    for id, parent in (("a", None), ("b", "a"), ("c", "a"), ("d", "b")):
        await store.api_keys.create(api_key(id, parent=parent))
    found = await store.api_keys.get("c")
    assert found
    await store.api_keys.swap(found, found.value.with_revocation(START))
    children = await store.api_keys.children("a", 9)
    assert {one.id: one.revoked_at is None for one in children} == {"b": True, "c": False}
    assert len(await store.api_keys.children("a", 1)) == 1
    assert await store.api_keys.children("d", 9) == []


def _at(minutes: int) -> Any:
    return START + timedelta(minutes=minutes)


async def _due(store: Store, minutes: int) -> list[tuple[str, Any]]:
    found = await store.outbox.due(_at(minutes), 10)
    return [(one.id, one.due_at) for one in found]


async def test_connections_are_listed_newest_first_in_pages(store: Store) -> None:
    await _created(store, *(connection(f"c{i}", created_at=_at(i)) for i in range(5)))
    assert await _ids(store) == ["c4", "c3", "c2", "c1", "c0"]
    assert await _ids(store, limit=2, page=1) == ["c2", "c1"]
    assert await _ids(store, limit=2, page=2) == ["c0"]
    assert await _ids(store, limit=2, page=3) == []


async def test_a_listing_goes_on_among_connections_of_one_moment(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.adapters.firestore.connections.WALK_BATCH", 2)
    await _created(store, *(connection(f"c{i}") for i in range(5)))
    assert await _ids(store) == ["c4", "c3", "c2", "c1", "c0"]


async def test_every_filter_given_must_hold(store: Store) -> None:
    await _created(
        store,
        connection("c1", tags={"end_user_id": "u1", "plan": "pro"}, end_user=None),
        connection("c2", tags={"end_user_id": "u1", "plan": "free"}, created_at=_at(1)),
        connection("c3", tags={"plan": "pro"}, end_user={"id": "u3"}, created_at=_at(2)),
        connection("c4", tags={"organization_id": "o9"}, end_user=None, created_at=_at(3)),
    )
    assert await _ids(store, tags={"plan": "pro"}) == ["c3", "c1"]
    assert await _ids(store, tags={"plan": "pro", "end_user_id": "u1"}) == ["c1"]
    assert await _ids(store, tags={"plan": "gold"}) == []
    assert await _ids(store, end_user_id="u1") == ["c2", "c1"]
    assert await _ids(store, end_user_id="u3") == ["c3"]
    assert await _ids(store, end_user_id="u1", tags={"plan": "pro"}) == ["c1"]
    assert await _ids(store, end_user_organization_id="o9") == ["c4"]
    assert await _ids(store, end_user_organization_id="org-1") == ["c2"]
    assert await _ids(store, connection_id="c3") == ["c3"]
    assert await _ids(store, connection_id="c3", end_user_id="u1") == []
    assert await _ids(store, connection_id="nobody") == []
    assert await _ids(store, connection_id="c3", page=1) == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ann", [C2, C1]),
        ("ANN.LEE@example.com", [C1]),
        (" ann.lee@EXAMPLE.com ", [C1]),
        ("ann.lee@example.community", []),
        (C2, [C2]),
        (C2[:8].upper(), [C2]),
        ("lee", []),
        ("%", []),
        ("", [C2, C1]),
        ("  ", [C2, C1]),
    ],
)
async def test_a_search_finds_the_start_of_an_address_or_an_id(
    store: Store, search: str, found: Sequence[str]
) -> None:
    await _created(store, connection(C1), connection(C2, "ann@x.org", created_at=_at(1)))
    assert await _ids(store, search=search) == found


async def test_a_search_longer_than_what_is_looked_up_is_compared_in_full(store: Store) -> None:
    long = "a" * 60
    await _created(store, connection("c1", f"{long}1@x.org"), connection("c2", f"{long}2@x.org"))
    assert await _ids(store, search=f"{long}2") == ["c2"]


async def test_a_changed_connection_is_found_by_what_it_is_now(store: Store) -> None:
    was = await store.connections.create(connection(C1))
    await store.connections.swap(was, replace(was.value, tags={"plan": "free"}, end_user=None))
    assert await _ids(store, tags={"plan": "pro"}) == []
    assert await _ids(store, end_user_id="user-1") == []
    assert await _ids(store, tags={"plan": "free"}) == [C1]


async def test_a_deleted_connection_is_not_found(store: Store) -> None:
    await store.connections.delete(await store.connections.create(connection(C1)))
    assert await _ids(store) == []
    assert await _ids(store, tags={"plan": "pro"}) == []


async def test_a_corrupt_connection_does_not_hide_the_others(
    store: Store, backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    await _created(store, connection(C1), connection(C2, created_at=_at(1)))
    await backend.set_field(("connections", C2), "status", "secret")
    assert await _ids(store) == [C1]
    assert await _ids(store, connection_id=C2) == []
    assert f"connections/{C2}" in caplog.text
    assert "secret" not in caplog.text


async def test_mailboxes_are_renewable_once_their_time_has_come(store: Store) -> None:
    for minutes, address in ((3, "c@x.org"), (1, "a@x.org"), (2, "b/ü@x.org"), (9, "d@x.org")):
        await store.mailboxes.create(mailbox(address, renew_at=_at(minutes)))
    await store.mailboxes.create(mailbox("e@x.org", renew_at=None))
    found = await store.mailboxes.renewable(_at(3), 10)
    assert [one.value.key for one in found] == ["a@x.org", "b/ü@x.org", "c@x.org"]
    assert len(await store.mailboxes.renewable(_at(3), 2)) == 2
    renewed = await store.mailboxes.swap(found[0], replace(found[0].value, renew_at=_at(60)))
    assert await store.mailboxes.get("a@x.org") == renewed
    assert len(await store.mailboxes.renewable(_at(3), 10)) == 2


async def test_a_noted_push_leaves_everything_else(store: Store) -> None:
    was = await store.mailboxes.create(mailbox("a@x.org", renew_at=_at(1)))
    await store.mailboxes.note_push(was.value.key, _at(5))
    await store.mailboxes.note_push(mailbox("nobody@x.org").key, _at(5))
    noted = await store.mailboxes.get("a@x.org")
    assert noted
    assert noted.value == replace(was.value, last_push_at=_at(5))
    assert await store.mailboxes.get("nobody@x.org") is None
    with pytest.raises(ConflictError):
        await store.mailboxes.swap(was, replace(was.value, closing=True))


async def test_only_pending_events_are_due(store: Store) -> None:
    alike = [event(f"x{number}") for number in range(3)]
    await store.outbox.create(event("e1", next_attempt_at=_at(2)))
    await store.outbox.create(replace(alike[0], next_attempt_at=_at(1)))
    await store.outbox.create(replace(alike[1], state=EventState.DEAD))
    await store.outbox.create(replace(alike[2], next_attempt_at=None))
    assert await _due(store, 2) == [(alike[0].id, _at(1)), ("e1", _at(2))]
    assert await _due(store, 1) == [(alike[0].id, _at(1))]
    was = await store.outbox.get("e1")
    assert was
    await store.outbox.swap(was, replace(was.value, state=EventState.DELIVERED))
    assert await _due(store, 2) == [(alike[0].id, _at(1))]


async def test_events_are_listed_newest_first_by_state_and_connection(store: Store) -> None:
    for i in range(6):
        state = EventState.DEAD if i % 2 else EventState.PENDING
        owner = C1 if i < 4 else C2
        await store.outbox.create(event(f"e{i}", owner, created_at=_at(i), state=state))

    async def listed(**asked: Any) -> list[str]:
        query: dict[str, Any] = {"state": None, "connection_id": None, "limit": 10, **asked}
        return [one.id for one in await store.outbox.list(**query)]

    assert await listed() == ["e5", "e4", "e3", "e2", "e1", "e0"]
    assert await listed(limit=2) == ["e5", "e4"]
    assert await listed(state=EventState.DEAD) == ["e5", "e3", "e1"]
    assert await listed(connection_id=C1) == ["e3", "e2", "e1", "e0"]
    assert await listed(connection_id=C1, state=EventState.DEAD, limit=1) == ["e3"]
    assert await listed(state=EventState.DELIVERED) == []
    assert await listed(since=_at(4)) == ["e5", "e4"]
    assert await listed(until=_at(1)) == ["e1", "e0"]
    assert await listed(since=_at(1), until=_at(4), state=EventState.DEAD) == ["e3", "e1"]
    assert await listed(connection_id=C1, since=_at(3)) == ["e3"]
    assert await listed(among=[C2]) == ["e5", "e4"]
    assert await listed(among=[C2, *OTHERS], state=EventState.DEAD) == ["e5"]
    assert await listed(among=[C1, C2], limit=3) == ["e5", "e4", "e3"]
    assert await listed(among=[C2], connection_id=C1) == []
    assert await listed(among=[]) == []


async def test_webhook_endpoints_are_listed_oldest_first(store: Store) -> None:
    for i in (2, 0, 1):
        await store.webhook_endpoints.create(webhook_endpoint(f"w{i}", created_at=_at(i)))
    listed = await store.webhook_endpoints.list()
    assert [one.value.id for one in listed] == ["w0", "w1", "w2"]
    changed = replace(listed[1].value, disabled_at=_at(9), disabled_reason="gone")
    await store.webhook_endpoints.swap(listed[1], changed)
    assert [one.value.disabled_reason for one in await store.webhook_endpoints.list()] == [
        None,
        "gone",
        None,
    ]


async def test_a_delivered_event_changes_lists(store: Store) -> None:
    was = await store.outbox.create(event())
    await store.outbox.swap(was, replace(was.value, state=EventState.DELIVERED))
    assert await store.outbox.list(state=EventState.PENDING, connection_id=None, limit=9) == []
    delivered = EventState.DELIVERED
    assert len(await store.outbox.list(state=delivered, connection_id=C1, limit=9)) == 1


@pytest.mark.parametrize("together", [1, 12])
async def test_operations_are_listed_newest_first_by_everything_asked(
    store: Store, together: int
) -> None:
    kinds = [OperationType.SYNC, OperationType.ACTION]
    states = [OperationState.OK, OperationState.FAILED]
    made = [
        operation(
            f"o{i}",
            [C1, C2, None][i % 3],
            started_at=_at(i),
            type=kinds[i % 2],
            state=states[i // 6],
        )
        for i in range(12)
    ]
    for start in range(0, len(made), together):
        await store.operations.append(*made[start : start + together])
    for owner, among, kind, state in product(
        (None, C1, C2), (None, (), (C1, *OTHERS), (C1, C2)), (None, *kinds), (None, *states)
    ):
        expected = [
            one
            for one in reversed(made)
            if (owner is None or one.connection_id == owner)
            and (among is None or one.connection_id in among)
            and (kind is None or one.type is kind)
            and (state is None or one.state is state)
        ]
        found = await store.operations.list(
            connection_id=owner, type=kind, state=state, limit=3, among=among
        )
        assert list(found) == expected[:3]


async def test_appending_an_operation_twice_keeps_one(store: Store) -> None:
    await store.operations.append(operation())
    await store.operations.append(operation())
    assert list(await store.operations.list(connection_id=C1, **ALL, limit=9)) == [operation()]


async def test_appending_operations_together_again_keeps_one_of_each(store: Store) -> None:
    made = [operation(f"o{i}", started_at=_at(i)) for i in range(3)]
    await store.operations.append(*made)
    await store.operations.append(*made)
    assert list(await store.operations.list(connection_id=C1, **ALL, limit=9)) == made[::-1]
