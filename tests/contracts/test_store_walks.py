"""Walks from end to end, tombstones that grow old, keys in order: what upkeep relies on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.ports.connections import ConnectionQuery
from shared.ports.store import Store
from shared.ports.sync_store import Batch
from tests.contracts.backends import Backend
from tests.contracts.samples import (
    C1,
    C2,
    api_key,
    connection,
    console_session,
    grant,
    record,
    sync_state,
    tombstone,
)
from tests.harness.clock import START

WALKED: dict[str, Callable[[str], Any]] = {"connections": connection, "grants": grant}
NAMES = [f"id-{number:02}" for number in range(7)] + ["_odd", ":odder", "Zoë"]


async def walked(documents: Any, limit: int) -> list[Any]:
    found, place = [], None
    for _ in range(50):
        page, place = await documents.walk(place, limit)
        found += [versioned.value for versioned in page]
        if place is None:
            return found
    pytest.fail("the walk does not end")


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
@pytest.mark.parametrize("port", WALKED)
async def test_a_walk_meets_every_document_once(store: Store, port: str, limit: int) -> None:
    documents = getattr(store, port)
    for name in NAMES:
        await documents.create(WALKED[port](name))
    found = await walked(documents, limit)
    ids = [getattr(one, "id", None) or one.connection_id for one in found]
    assert sorted(ids) == sorted(NAMES)


async def test_a_walk_of_nothing_ends_at_once(store: Store) -> None:
    assert await store.grants.walk(None, 5) == ([], None)


async def test_a_walk_passes_over_what_cannot_be_read(store: Store, backend: Backend) -> None:
    for name in NAMES[:4]:
        await store.connections.create(connection(name))
    await backend.set_field(("connections", NAMES[1]), "created_at", "no time")
    found = await walked(store.connections, 1)
    assert [one.id for one in found] == [NAMES[0], *NAMES[2:4]]


async def test_connections_are_found_by_their_status_as_it_is_now(store: Store) -> None:
    leaving = await store.connections.create(connection(C1))
    await store.connections.create(connection(C2))
    asked = ConnectionQuery(status=ConnectionStatus.DISCONNECTING)
    assert await store.connections.find(asked) == ()
    marked = connection(C1, status=ConnectionStatus.DISCONNECTING)
    await store.connections.swap(leaving, marked)
    assert await store.connections.find(asked) == (marked,)


async def test_only_payloads_of_old_tombstones_are_emptied(store: Store) -> None:
    state = await store.sync_states.create(sync_state())
    records = [
        record(1, 1),
        tombstone(2, 2),
        tombstone(3, 3),
        record(4, 4, deleted_at=START + timedelta(days=3)),
    ]
    await store.sync_states.commit(state, state.value, Batch(put=records))
    now, before = START + timedelta(days=8), START + timedelta(days=1)
    assert await store.records.prune_deleted(C1, before, 1, now) == (1, True)
    assert await store.records.prune_deleted(C1, before, 5, now) == (1, False)
    assert await store.records.prune_deleted(C1, before, 5, now) == (0, False)
    emptied = []
    for one in records:
        kept = await store.records.get(C1, one.head.message_id)
        assert kept is not None
        assert (kept.payload == b"") == (kept.head.pruned_at is not None)
        emptied.append(kept.payload == b"")
    assert emptied == [False, True, True, False]


async def test_the_payloads_of_another_connection_stay(store: Store) -> None:
    state = await store.sync_states.create(sync_state(C2))
    await store.sync_states.commit(state, state.value, Batch(put=[tombstone(1, 1)]))
    later = START + timedelta(days=9)
    assert await store.records.prune_deleted(ConnectionId(C1), later, 5, later) == (0, False)


async def test_keys_are_listed_newest_first(store: Store) -> None:
    for number in (2, 1, 3):
        await store.api_keys.create(
            api_key(f"k{number}", created_at=START + timedelta(minutes=number))
        )
    assert [key.id for key in await store.api_keys.list(2)] == ["k3", "k2"]


async def test_sessions_of_the_console_are_listed_newest_first(store: Store) -> None:
    for number in (2, 1, 3):
        at = START + timedelta(minutes=number)
        await store.console_sessions.create(console_session(f"s{number}", created_at=at))
    assert [one.id for one in await store.console_sessions.list(2)] == ["s3", "s2"]
