"""What readers of records are promised (shared/ports/sync_store.py)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.documents import record_pages
from shared.domain.ids import LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.sync.records.record import LastAction, Record
from shared.domain.sync.records.rows import record_row
from shared.errors import CorruptStateError
from shared.ports.store import Store
from shared.ports.sync_store import Batch, NewestQuery, RecordQuery, RowPage
from tests.contracts.backends import Backend
from tests.contracts.samples import C1, C2, entry, head, record, sync_state, tombstone
from tests.harness.clock import START


async def _fill(store: Store, records: Sequence[Record], id: str = C1, **batch: Any) -> None:
    was = await store.sync_states.get(id) or await store.sync_states.create(sync_state(id))
    now = replace(was.value, failures=was.value.failures + 1)
    await store.sync_states.commit(was, now, Batch(put=records, **batch))


async def _walk(store: Store, query: RecordQuery) -> tuple[list[Record], int]:
    """Follow pages to the end; answer the records and how many pages there were."""
    found: list[Record] = []
    pages = 0
    while True:
        page = await store.records.page(C1, query)
        assert len(page.records) <= query.limit
        as_shown = RowPage(tuple(map(record_row, page.records)), page.last)
        assert await store.records.rows(C1, query) == as_shown
        found += page.records
        pages += 1
        if page.last is None:
            return found, pages
        assert page.last > query.after
        query = replace(query, after=page.last)


async def test_pages_follow_the_sequence_and_end_with_none(store: Store) -> None:
    records = [record(number, 10 - number) for number in range(10)]
    await _fill(store, records)
    found, pages = await _walk(store, RecordQuery(limit=3))
    assert found == records[::-1]
    assert pages == 4
    assert (await store.records.page(C1, RecordQuery(after=SequenceNumber(10)))).last is None


async def test_a_full_last_page_is_the_last(store: Store) -> None:
    await _fill(store, [record(number, number) for number in range(1, 4)])
    page = await store.records.page(C1, RecordQuery(limit=3))
    assert len(page.records) == 3
    assert page.last is None


async def test_a_record_appears_once_at_its_latest_sequence_number(store: Store) -> None:
    await _fill(store, [record(number, number) for number in range(1, 6)])
    first = await store.records.page(C1, RecordQuery(limit=2))
    assert first.last == 2
    await _fill(store, [], heads=[head(1, 6), head(4, 7)])
    rest, _ = await _walk(store, RecordQuery(after=first.last or SequenceNumber(0), limit=2))
    assert [(one.head.message_id[-1], one.head.sequence) for one in rest] == [
        ("3", 3),
        ("5", 5),
        ("1", 6),
        ("4", 7),
    ]


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_filters_never_lose_a_place(store: Store, limit: int) -> None:
    actions = list(LastAction)
    records = [
        record(
            number,
            number,
            last_action=actions[number % 3],
            last_modified_at=START + timedelta(seconds=number),
        )
        for number in range(1, 13)
    ]
    await _fill(store, records)
    for query in (
        RecordQuery(actions=frozenset({LastAction.DELETED})),
        RecordQuery(actions=frozenset({LastAction.ADDED, LastAction.UPDATED})),
        RecordQuery(actions=frozenset(LastAction)),
        RecordQuery(actions=frozenset()),
        RecordQuery(modified_after=START + timedelta(seconds=5)),
        RecordQuery(
            actions=frozenset({LastAction.ADDED}), modified_after=START + timedelta(seconds=5)
        ),
        RecordQuery(ids=[records[7].head.message_id, records[2].head.message_id]),
        RecordQuery(
            ids=[one.head.message_id for one in records],
            actions=frozenset({LastAction.UPDATED}),
            modified_after=START + timedelta(seconds=3),
        ),
    ):
        found, _ = await _walk(store, replace(query, limit=limit))
        assert found == [one for one in records if _wanted(one, query)], query


def _wanted(one: Record, query: RecordQuery) -> bool:
    return (
        (query.actions is None or one.head.last_action in query.actions)
        and (query.modified_after is None or one.head.last_modified_at >= query.modified_after)
        and (query.ids is None or one.head.message_id in query.ids)
    )


async def test_pages_of_large_mail_end_early_and_lose_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_pages, "PAGE_BYTES", 2500)
    records = [record(number, number, payload=b"x" * 1000) for number in range(1, 8)]
    await _fill(store, records)
    found, pages = await _walk(store, RecordQuery(limit=100))
    assert found == records
    assert pages == 3


async def test_a_hundred_ids_are_found_in_one_page(store: Store) -> None:
    records = [record(number, number + 1) for number in range(100)]
    await _fill(store, records)
    ids = [*(one.head.message_id for one in records), MessageId("a/b"), MessageId("")]
    page = await store.records.page(C1, RecordQuery(ids=ids[::-1]))
    assert list(page.records) == records
    assert page.last is None


async def test_a_cursor_beyond_everything_finds_nothing(store: Store) -> None:
    await _fill(store, [record()])
    for after in (2**53, 2**63 - 1, 2**70):
        page = await store.records.page(C1, RecordQuery(after=SequenceNumber(after)))
        assert page.records == ()
        assert page.last is None


async def test_heads_and_records_are_found_by_id_tombstones_included(store: Store) -> None:
    await _fill(store, [record(1, 1, payload=b"1"), tombstone(2, 2)])
    ids = [MessageId(f"{number:016x}") for number in (1, 2, 3)]
    heads = await store.records.heads(C1, ids)
    assert heads == {ids[0]: head(1, 1), ids[1]: tombstone(2, 2).head}
    assert await store.records.get(C1, ids[1]) == tombstone(2, 2)
    assert await store.records.get(C1, ids[2]) is None
    assert await store.records.heads(C1, []) == {}


async def test_many_heads_are_found_at_once(store: Store) -> None:
    for start in range(0, 700, 350):
        await _fill(store, [record(number, number + 1) for number in range(start, start + 350)])
    ids = [MessageId(f"{number:016x}") for number in range(800)]
    assert sorted(await store.records.heads(C1, iter(ids))) == ids[:700]


async def test_newest_answers_live_records_newest_first(store: Store) -> None:
    await _fill(store, [record(3, 1), record(1, 2), tombstone(2, 3), record(4, 4)])
    found = await store.records.newest(C1, NewestQuery(limit=2))
    assert found == [record(1, 2), record(3, 1)]
    assert await store.records.newest(C2, NewestQuery()) == []


async def test_newest_goes_on_before_a_place_even_among_equal_dates(store: Store) -> None:
    records = [record(number, number, internal_date=START) for number in range(1, 8)]
    await _fill(store, records)
    found: list[Record] = []
    query = NewestQuery(limit=3)
    while page := await store.records.newest(C1, query):
        found += page
        query = replace(query, before=(page[-1].head.internal_date, page[-1].head.message_id))
    assert found == records[::-1]


async def test_newest_finds_a_label_a_thread_or_both(store: Store) -> None:
    work, home = LabelId("Label_1"), LabelId("Ünïcode/sub")
    records = [
        record(
            number,
            number,
            thread_id=ThreadId(f"t{number % 2}"),
            label_ids=frozenset({work} if number % 3 else {work, home}),
        )
        for number in range(1, 13)
    ]
    await _fill(store, records)
    for label in (None, work, home, LabelId("nothing")):
        for thread in (None, ThreadId("t0"), ThreadId("t9")):
            query = NewestQuery(limit=4, label_id=label, thread_id=thread)
            expected = [
                one
                for one in records
                if (label is None or label in one.head.label_ids)
                and (thread is None or thread == one.head.thread_id)
            ]
            assert await store.records.newest(C1, query) == expected[:4]


async def test_threads_are_read_together_each_newest_first(store: Store) -> None:
    """Of as many threads as one query of a store may name, and more."""
    records = [
        record(number, number, thread_id=ThreadId(f"t{number % 40}")) for number in range(1, 101)
    ]
    await _fill(store, [*records, tombstone(101, 101)])
    wanted = [ThreadId(f"t{number}") for number in range(35)]
    for limit in (500, 50):
        found = await store.records.of_threads(C1, wanted, limit)
        assert len(found) == min(limit, sum(one.head.thread_id in wanted for one in records))
        for thread in {one.head.thread_id for one in found} if limit == 500 else ():
            expected = [one for one in records if one.head.thread_id == thread]
            assert [one for one in found if one.head.thread_id == thread] == expected
    assert await store.records.of_threads(C1, [], 9) == []


async def test_a_label_taken_off_or_a_deletion_is_seen_at_once(store: Store) -> None:
    inbox = NewestQuery(label_id=LabelId("INBOX"))
    await _fill(store, [record(1, 1), record(2, 2)])
    await _fill(store, [], heads=[head(1, 3, label_ids=frozenset({LabelId("UNREAD")}))])
    assert [one.head.sequence for one in await store.records.newest(C1, inbox)] == [2]
    await _fill(store, [], heads=[tombstone(2, 4).head])
    assert await store.records.newest(C1, inbox) == []


async def test_a_walk_over_all_heads_meets_each_live_one_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sqlite.records", "firestore.records"):
        monkeypatch.setattr(f"shared.adapters.{module}.HEADS_BATCH", 4)
    records = [record(number, number, internal_date=START) for number in range(1, 10)]
    older = [record(number, number) for number in range(20, 25)]
    await _fill(store, [*records, *older, tombstone(30, 30)])
    batches = [batch async for batch in store.records.all_heads(C1, None)]
    walked = [one.message_id for batch in batches for one in batch]
    assert sorted(walked) == sorted(one.head.message_id for one in (*records, *older))
    assert len(batches) > 3
    since = [batch async for batch in store.records.all_heads(C1, START - timedelta(minutes=21))]
    assert sum(map(len, since)) == len(records) + 2
    assert [batch async for batch in store.records.all_heads(C2, None)] == []


async def test_a_walk_goes_on_while_records_change(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sqlite.records", "firestore.records"):
        monkeypatch.setattr(f"shared.adapters.{module}.HEADS_BATCH", 2)
    await _fill(store, [record(number, number) for number in range(1, 7)])
    walked: list[MessageId] = []
    async for batch in store.records.all_heads(C1, None):
        walked += [one.message_id for one in batch]
        await _fill(store, [record(100, 100), tombstone(2, 101)])
    assert set(walked) >= {MessageId(f"{number:016x}") for number in (1, 3, 4, 5, 6)}
    assert len(walked) == len(set(walked))


async def test_pruning_empties_payloads_up_to_a_sequence_number(store: Store) -> None:
    await _fill(store, [record(number, number) for number in range(1, 6)])
    pruned = START + timedelta(days=1)
    assert await store.records.prune(C1, SequenceNumber(4), 3, pruned) == (3, True)
    assert await store.records.prune(C1, SequenceNumber(4), 3, pruned) == (1, False)
    assert await store.records.prune(C1, SequenceNumber(4), 3, pruned) == (0, False)
    found, _ = await _walk(store, RecordQuery())
    assert [(one.head.pruned_at, one.payload) for one in found] == [(pruned, b"")] * 4 + [
        (None, b"p")
    ]


async def test_a_record_put_after_pruning_has_its_payload_again(store: Store) -> None:
    await _fill(store, [record(1, 1)])
    await store.records.prune(C1, SequenceNumber(1), 10, START)
    await _fill(store, [record(1, 2, payload=b"again")])
    assert (await _walk(store, RecordQuery()))[0] == [record(1, 2, payload=b"again")]


async def test_purging_goes_on_until_nothing_is_left_of_one_connection(store: Store) -> None:
    await _fill(store, [record(number, number) for number in range(1, 6)], quarantine=[entry(9)])
    await _fill(store, [record(1, 1)], id=C2)
    gone = []
    while count := await store.records.purge(C1, 4):
        gone.append(count)
    assert gone == [4, 2]
    assert (await store.records.page(C1, RecordQuery())).records == ()
    assert await store.records.newest(C1, NewestQuery(label_id=LabelId("INBOX"))) == []
    assert await store.quarantine.list(C1, 5) == []
    assert (await store.records.page(C2, RecordQuery())).records == (record(1, 1),)


async def test_a_corrupt_record_is_named_wherever_it_is_met(store: Store, backend: Backend) -> None:
    await _fill(store, [record(1, 1), record(2, 2)], quarantine=[entry(3)])
    id = record(1).head.message_id
    await backend.set_field(("connections", C1, "records", id), "origin", "nowhere")
    for read in (
        store.records.get(C1, id),
        store.records.heads(C1, [id]),
        store.records.page(C1, RecordQuery()),
        store.records.newest(C1, NewestQuery()),
    ):
        with pytest.raises(CorruptStateError) as caught:
            await read
        assert caught.value.document == f"connections/{C1}/records/{id}"
    assert await store.records.get(C1, record(2).head.message_id) == record(2, 2)


async def test_a_corrupt_quarantine_entry_is_named(store: Store, backend: Backend) -> None:
    await _fill(store, [], quarantine=[entry(3)])
    id = entry(3).message_id
    await backend.set_field(("connections", C1, "quarantine", id), "attempts", "many")
    with pytest.raises(CorruptStateError) as caught:
        await store.quarantine.get(C1, [id])
    assert caught.value.document == f"connections/{C1}/quarantine/{id}"
