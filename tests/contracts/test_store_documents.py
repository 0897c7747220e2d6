"""What every collection of documents promises (shared/ports/documents.py)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from shared.domain.sync.state import Lease
from shared.errors import AlreadyExistsError, ConflictError, CorruptStateError
from shared.ports.documents import TRIES, Versioned, until_written, update
from shared.ports.store import Store
from tests.contracts.backends import Backend
from tests.contracts.collections import SAMPLES, Sample
from tests.contracts.samples import C1, connection, sync_state
from tests.harness.clock import START

CROWD = 50
HASHED = frozenset({"google_users", "mailbox_names"})
"""Ports that store the hash of an id."""

every_collection = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def _documents(store: Store, sample: Sample) -> Any:
    return getattr(store, sample.port)


def _path(sample: Sample, value: Any) -> Sequence[str]:
    id = sample.id_of(value)
    key = sha256(id.encode()).hexdigest() if sample.port in HASHED else id
    return (sample.collection, key)


async def _winners(attempts: Sequence[Any]) -> int:
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    losers = [outcome for outcome in outcomes if isinstance(outcome, ConflictError)]
    winners = [outcome for outcome in outcomes if isinstance(outcome, Versioned)]
    assert len(winners) + len(losers) == len(attempts), outcomes
    return len(winners)


@every_collection
async def test_what_is_created_is_read_back_equal_by_anyone(
    store: Store, backend: Backend, sample: Sample
) -> None:
    value = sample.make("id-1")
    created = await _documents(store, sample).create(value)
    assert created.value == value
    assert await _documents(backend.open(), sample).get(sample.id_of(value)) == created


@every_collection
async def test_an_unknown_id_is_none(store: Store, sample: Sample) -> None:
    for id in ("nobody", "", ".", "..", "a/b", "__x__", "é" * 900, "nul\0"):
        assert await _documents(store, sample).get(id) is None


@every_collection
async def test_a_second_create_is_refused_and_changes_nothing(store: Store, sample: Sample) -> None:
    documents = _documents(store, sample)
    created = await documents.create(sample.make("id-1"))
    with pytest.raises(AlreadyExistsError):
        await documents.create(sample.edit(created.value, 5))
    assert await documents.get(sample.id_of(created.value)) == created


@every_collection
async def test_of_fifty_concurrent_creates_one_wins(
    store: Store, backend: Backend, sample: Sample
) -> None:
    value = sample.make("id-1")
    handles = [_documents(store, sample), _documents(backend.open(), sample)]
    assert await _winners([handles[i % 2].create(value) for i in range(CROWD)]) == 1


@every_collection
async def test_a_swap_is_read_back_with_its_version(store: Store, sample: Sample) -> None:
    documents = _documents(store, sample)
    created = await documents.create(sample.make("id-1"))
    swapped = await documents.swap(created, sample.edit(created.value, 1))
    assert swapped.version != created.version
    assert await documents.get(sample.id_of(created.value)) == swapped


@every_collection
async def test_a_late_writer_is_refused(store: Store, sample: Sample) -> None:
    documents = _documents(store, sample)
    created = await documents.create(sample.make("id-1"))
    swapped = await documents.swap(created, sample.edit(created.value, 1))
    with pytest.raises(ConflictError):
        await documents.swap(created, sample.edit(created.value, 2))
    assert await documents.get(sample.id_of(created.value)) == swapped


@every_collection
async def test_a_swap_that_changes_nothing_still_needs_the_version(
    store: Store, sample: Sample
) -> None:
    documents = _documents(store, sample)
    created = await documents.create(sample.make("id-1"))
    same = await documents.swap(created, created.value)
    changed = await documents.swap(same, sample.edit(same.value, 1))
    with pytest.raises(ConflictError):
        await documents.swap(created, created.value)
    assert await documents.get(sample.id_of(created.value)) == changed


@every_collection
async def test_of_fifty_concurrent_swaps_of_one_version_one_wins(
    store: Store, backend: Backend, sample: Sample
) -> None:
    handles = [_documents(store, sample), _documents(backend.open(), sample)]
    created = await handles[0].create(sample.make("id-1"))
    changed = [sample.edit(created.value, number + 1) for number in range(CROWD)]
    swaps = [handles[i % 2].swap(created, changed[i]) for i in range(CROWD)]
    assert await _winners(swaps) == 1


async def test_concurrent_increments_lose_no_update(store: Store, backend: Backend) -> None:
    handles = [store.sync_states, backend.open().sync_states]
    await handles[0].create(sync_state(failures=0))

    async def increment(number: int) -> None:
        states = handles[number % 2]
        while True:
            was = await states.get(C1)
            assert was
            try:
                await states.swap(was, replace(was.value, failures=was.value.failures + 1))
            except ConflictError:
                continue
            return

    await asyncio.gather(*(increment(number) for number in range(20)))
    final = await store.sync_states.get(C1)
    assert final
    assert final.value.failures == 20


@every_collection
async def test_an_update_is_made_on_what_another_writer_left(
    store: Store, backend: Backend, sample: Sample
) -> None:
    documents, theirs = _documents(store, sample), _documents(backend.open(), sample)
    read = await documents.create(sample.make("id-1"))
    left = await theirs.swap(read, sample.edit(read.value, 5))
    seen: list[Any] = []

    def change(was: Any) -> Any:
        seen.append(was)
        return sample.edit(was, 6)

    id = sample.id_of(read.value)
    updated = await update(documents, id, change, read)
    assert seen == [read.value, left.value]
    assert updated == sample.edit(left.value, 6)
    assert (await documents.get(id)).value == updated


@every_collection
async def test_an_update_of_what_is_absent_or_left_alone_writes_nothing(
    store: Store, sample: Sample
) -> None:
    documents = _documents(store, sample)
    assert await update(documents, "nobody", lambda was: was) is None
    created = await documents.create(sample.make("id-1"))
    id = sample.id_of(created.value)
    assert await update(documents, id, lambda was: None) is None
    assert await update(documents, id, lambda was: was) == created.value
    assert await documents.get(id) == created


async def test_a_write_refused_at_every_try_is_given_up() -> None:
    tries: list[None] = []

    async def attempt() -> None:
        tries.append(None)
        raise ConflictError("changed meanwhile")

    with pytest.raises(ConflictError):
        await until_written(attempt)
    assert len(tries) == TRIES


@every_collection
async def test_a_swap_of_what_is_gone_is_refused(store: Store, sample: Sample) -> None:
    documents = _documents(store, sample)
    created = await documents.create(sample.make("id-1"))
    assert await documents.delete(created) is True
    with pytest.raises(ConflictError):
        await documents.swap(created, sample.edit(created.value, 1))
    assert await documents.get(sample.id_of(created.value)) is None


@every_collection
async def test_a_version_from_before_a_deletion_never_fits_again(
    store: Store, sample: Sample
) -> None:
    documents = _documents(store, sample)
    first = await documents.create(sample.make("id-1"))
    await documents.delete(first)
    second = await documents.create(first.value)
    with pytest.raises(ConflictError):
        await documents.swap(first, sample.edit(first.value, 1))
    with pytest.raises(ConflictError):
        await documents.delete(first)
    assert await documents.get(sample.id_of(first.value)) == second


@every_collection
async def test_a_changed_document_is_not_deleted(store: Store, sample: Sample) -> None:
    documents = _documents(store, sample)
    created = await documents.create(sample.make("id-1"))
    swapped = await documents.swap(created, sample.edit(created.value, 1))
    with pytest.raises(ConflictError):
        await documents.delete(created)
    assert await documents.get(sample.id_of(created.value)) == swapped


async def test_a_single_use_document_is_taken_by_exactly_one(
    store: Store, backend: Backend
) -> None:
    sample = next(sample for sample in SAMPLES if sample.port == "connect_tickets")
    handles = [store.connect_tickets, backend.open().connect_tickets]
    ticket = await store.connect_tickets.create(sample.make("t"))
    taken = await asyncio.gather(*(handles[i % 2].delete(ticket) for i in range(CROWD)))
    assert taken.count(True) == 1


@every_collection
async def test_an_unknown_field_survives_a_swap(
    store: Store, backend: Backend, sample: Sample
) -> None:
    documents = _documents(store, sample)
    created = await documents.create(sample.make("id-1"))
    await backend.set_field(_path(sample, created.value), "added_later", "kept")
    was = await documents.get(sample.id_of(created.value))
    assert was
    assert was.value == created.value
    await documents.swap(was, sample.edit(was.value, 1))
    assert await backend.get_field(_path(sample, created.value), "added_later") == "kept"


async def test_an_unknown_field_inside_an_object_survives_a_swap(
    store: Store, backend: Backend
) -> None:
    await store.sync_states.create(sync_state())
    await backend.set_field(("sync", C1), "backfill.added_later", 7)
    was = await store.sync_states.get(C1)
    assert was
    assert was.value.backfill
    moved = replace(was.value, backfill=replace(was.value.backfill, listed=500))
    await store.sync_states.swap(was, moved)
    assert await backend.get_field(("sync", C1), "backfill.added_later") == 7
    again = await store.sync_states.get(C1)
    assert again
    assert again.value == moved


async def test_objects_come_and_go_with_a_swap(store: Store) -> None:
    held = await store.sync_states.create(sync_state())
    free = await store.sync_states.swap(held, replace(held.value, lease=None))
    assert (await store.sync_states.get(C1)) == free
    taken = await store.sync_states.swap(
        free,
        replace(free.value, lease=Lease(held.value.lease.token, START)),  # type: ignore[union-attr]
    )
    assert (await store.sync_states.get(C1)) == taken


@every_collection
async def test_a_corrupt_document_is_named_and_nothing_of_it_is_quoted(
    store: Store, backend: Backend, sample: Sample
) -> None:
    created = await _documents(store, sample).create(sample.make("id-1"))
    path = _path(sample, created.value)
    await backend.set_field(path, "schema_version", "secret-token")
    with pytest.raises(CorruptStateError) as caught:
        await _documents(store, sample).get(sample.id_of(created.value))
    assert caught.value.document == "/".join(path)
    assert "secret-token" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_ids_that_look_alike_stay_apart(store: Store) -> None:
    ids = ["a/b", "a_b", "A/B", "..", ".", "__x__", "~x", "a b", "é", "e\u0301"]
    for id in ids:
        await store.connections.create(connection(id))
    for id in ids:
        found = await store.connections.get(id)
        assert found
        assert found.value.id == id
