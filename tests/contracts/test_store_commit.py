"""What the one commit of state, records, quarantine and event promises (DESIGN 4.2)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.events.event import EventState
from shared.domain.ids import CommitId, MessageId, SequenceNumber, shard_of
from shared.domain.sync.records.record import Record
from shared.domain.sync.state import SyncState
from shared.errors import AlreadyExistsError, ConflictError
from shared.ports.documents import Versioned
from shared.ports.store import Store
from shared.ports.sync_store import COMMIT_WRITES, Batch, RecordQuery
from tests.contracts.backends import Backend
from tests.contracts.samples import C1, C2, entry, event, head, record, sync_state, tombstone
from tests.harness.clock import START


def _next(state: SyncState, **changes: Any) -> SyncState:
    return replace(state, commit_id=CommitId(f"{state.commit_id}+"), **changes)


async def _commit(store: Store, was: Versioned[SyncState], **batch: Any) -> Versioned[SyncState]:
    return await store.sync_states.commit(was, _next(was.value), Batch(**batch))


async def _stored(store: Store) -> Sequence[Record]:
    return (await store.records.page(C1, RecordQuery(limit=1000))).records


async def test_a_commit_writes_state_records_quarantine_and_event_together(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    records = [record(1, 1, payload=b"\x00" * 5000), tombstone(2, 2)]
    now = await store.sync_states.commit(
        was,
        _next(was.value, sequence=SequenceNumber(2)),
        Batch(put=records, quarantine=[entry(3)], event=event()),
    )
    assert await store.sync_states.get(C1) == now
    assert list(await _stored(store)) == records
    assert await store.quarantine.list(C1, 10) == [entry(3)]
    reported = await store.outbox.get("e1")
    assert reported
    assert reported.value == event()


async def test_a_late_commit_writes_nothing_at_all(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    first = await _commit(store, was, put=[record(1, 1)], quarantine=[entry(9)])
    late = Batch(
        put=[record(1, 2, payload=b"late"), record(2, 3)],
        quarantine=[entry(3)],
        released=[MessageId(f"{9:016x}")],
        event=event(),
    )
    with pytest.raises(ConflictError):
        await store.sync_states.commit(was, _next(was.value, failures=9), late)
    assert await store.sync_states.get(C1) == first
    assert list(await _stored(store)) == [record(1, 1)]
    assert await store.quarantine.list(C1, 10) == [entry(9)]
    assert await store.outbox.get("e1") is None


async def test_a_commit_without_its_state_writes_nothing(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    await store.sync_states.delete(was)
    with pytest.raises(ConflictError):
        await _commit(store, was, put=[record()])
    assert await store.sync_states.get(C1) is None
    assert not await _stored(store)


async def test_of_concurrent_commits_one_wins_and_only_its_records_are_there(
    store: Store, backend: Backend
) -> None:
    handles = [store, backend.open()]
    was = await store.sync_states.create(sync_state())
    commits = [_commit(handles[i % 2], was, put=[record(i, i + 1)]) for i in range(20)]
    outcomes = await asyncio.gather(*commits, return_exceptions=True)
    winners = [i for i, outcome in enumerate(outcomes) if isinstance(outcome, Versioned)]
    assert len(winners) == 1
    assert [kept.head.sequence for kept in await _stored(store)] == [winners[0] + 1]


async def test_a_batch_of_the_largest_size_goes_through_in_one_commit(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    records = [record(i, i + 1, payload=b"x" * 8000) for i in range(COMMIT_WRITES)]
    await _commit(store, was, put=records)
    assert list(await _stored(store)) == records


async def test_a_record_near_the_limit_of_a_document_is_kept(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    large = record(payload=bytes(900 * 1024))
    await _commit(store, was, put=[large])
    assert await store.records.get(C1, large.head.message_id) == large


async def test_putting_a_record_again_replaces_it_whole(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    was = await _commit(store, was, put=[record(1, 1, payload=b"old")])
    again = replace(record(1, 2, payload=b"new", label_ids=frozenset()), body_truncated=True)
    await _commit(store, was, put=[again])
    assert list(await _stored(store)) == [again]


async def test_a_rewritten_head_leaves_its_payload(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    was = await _commit(store, was, put=[record(1, 1, payload=b"mail")])
    gone = head(1, 2).tombstone(SequenceNumber(3), START + timedelta(days=1))
    await _commit(store, was, heads=[gone])
    assert list(await _stored(store)) == [Record(gone, b"mail")]


async def test_a_rewritten_head_does_not_hide_that_its_payload_was_pruned(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    was = await _commit(store, was, put=[record(1, 1, payload=b"mail")])
    await store.records.prune(C1, SequenceNumber(1), 10, START)
    await _commit(store, was, heads=[head(1, 2)])
    assert list(await _stored(store)) == [Record(head(1, 2, pruned_at=START), b"")]


async def test_the_head_of_a_record_that_is_not_there_stops_the_whole_commit(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    with pytest.raises(ConflictError):
        await _commit(store, was, put=[record(1, 1)], heads=[head(2, 2)])
    assert await store.sync_states.get(C1) == was
    assert not await _stored(store)


async def test_what_is_released_leaves_quarantine_and_the_rest_stays(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    was = await _commit(store, was, quarantine=[entry(1), entry(2), entry(3)])
    kept = entry(2, attempts=2, retry_at=START + timedelta(hours=1))
    released = [MessageId(f"{number:016x}") for number in (1, 2, 99)]
    await _commit(store, was, quarantine=[kept], released=released)
    assert await store.quarantine.list(C1, 10) == [entry(3), kept]


async def test_quarantine_lists_the_soonest_retry_first(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    entries = [entry(i, retry_at=START + timedelta(minutes=i * 7 % 5)) for i in range(5)]
    await _commit(store, was, quarantine=entries)
    expected = sorted(entries, key=lambda one: one.retry_at)
    assert await store.quarantine.list(C1, 3) == expected[:3]
    ids = [entries[0].message_id, MessageId("unknown")]
    assert await store.quarantine.get(C1, ids) == {entries[0].message_id: entries[0]}
    assert await store.quarantine.list(C2, 3) == []


async def test_an_open_event_is_extended_at_its_version(store: Store, backend: Backend) -> None:
    was = await store.sync_states.create(sync_state())
    was = await _commit(store, was, event=event())
    open_event = await store.outbox.get("e1")
    assert open_event
    await backend.set_field(("events", "e1"), "added_later", 1)
    open_event = await store.outbox.get("e1")
    assert open_event
    longer = replace(open_event.value, payload={"added": 2})
    await _commit(store, was, event=longer, event_version=open_event.version)
    extended = await store.outbox.get("e1")
    assert extended
    assert extended.value == longer
    assert extended.version != open_event.version
    assert await backend.get_field(("events", "e1"), "added_later") == 1


async def test_an_event_that_was_claimed_meanwhile_stops_the_whole_commit(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    was = await _commit(store, was, event=event())
    open_event = await store.outbox.get("e1")
    assert open_event
    claimed = replace(open_event.value, claimed_until=START)
    claim = await store.outbox.swap(open_event, claimed)
    batch = Batch(put=[record()], event=open_event.value, event_version=open_event.version)
    with pytest.raises(ConflictError):
        await store.sync_states.commit(was, _next(was.value), batch)
    assert await store.sync_states.get(C1) == was
    assert not await _stored(store)
    assert await store.outbox.get("e1") == claim


async def test_an_event_that_exists_is_not_created_again(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    existing = await store.outbox.create(event(attempts=3))
    with pytest.raises(AlreadyExistsError):
        await _commit(store, was, put=[record()], event=event())
    assert await store.outbox.get("e1") == existing
    assert not await _stored(store)


async def test_a_committed_event_is_due_and_listed(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    await _commit(store, was, event=event())
    assert [one.id for one in await store.outbox.due(START, 10)] == ["e1"]
    assert await store.outbox.list(state=EventState.PENDING, connection_id=C1, limit=5) == [event()]


async def test_connections_do_not_see_each_other(store: Store) -> None:
    was = await store.sync_states.create(sync_state())
    await _commit(store, was, put=[record()], quarantine=[entry(2)])
    assert (await store.records.page(C2, RecordQuery())).records == ()
    assert await store.records.get(C2, record().head.message_id) is None
    assert await store.records.heads(C2, [record().head.message_id]) == {}
    assert await store.quarantine.get(C2, [entry(2).message_id]) == {}


async def test_what_is_due_comes_from_all_shards_most_overdue_first(store: Store) -> None:
    alike = ["c1", "c2", "c3", "c4"]
    assert len({*map(shard_of, alike)}) > 1
    for minutes, id in zip((3, 1, 2, 60), alike, strict=True):
        due_at = START + timedelta(minutes=minutes)
        await store.sync_states.create(sync_state(id, next_due_at=due_at))
    await store.sync_states.create(sync_state(C1, next_due_at=None))
    now = START + timedelta(minutes=3)
    assert await store.sync_states.due(now, 10) == [alike[1], alike[2], alike[0]]
    assert await store.sync_states.due(now, 1) == [alike[1]]


async def test_a_commit_moves_when_its_connection_is_due(store: Store) -> None:
    was = await store.sync_states.create(sync_state(next_due_at=START))
    later = _next(was.value, next_due_at=START + timedelta(hours=1))
    await store.sync_states.commit(was, later, Batch())
    assert await store.sync_states.due(START, 10) == []
    assert await store.sync_states.due(START + timedelta(hours=1), 10) == [C1]
