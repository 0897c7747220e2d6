"""What a search of records is promised (shared/ports/sync_store.py), on both stores."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ids import LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.sync.records.record import Record
from shared.ports.store import Store
from shared.ports.sync_store import SEARCHED, Batch, SearchPage, SearchQuery
from tests.contracts.samples import C1, C2, head, record, sync_state
from tests.harness.clock import START

INBOX, UNREAD, WORK = LabelId("INBOX"), LabelId("UNREAD"), LabelId("Label_7")


async def fill(store: Store, records: Sequence[Record], id: str = C1, **batch: Any) -> None:
    was = await store.sync_states.get(id) or await store.sync_states.create(sync_state(id))
    now = replace(was.value, failures=was.value.failures + 1)
    await store.sync_states.commit(was, now, Batch(put=records, **batch))


def found_by(number: int, *terms: str, **changes: Any) -> Record:
    return replace(record(number, number, **changes), terms=tuple(sorted(terms)))


def numbers(page: SearchPage) -> list[int]:
    return [int(one.head.message_id, 16) for one in page.records]


async def test_a_search_finds_what_has_all_that_is_asked_for_newest_first(store: Store) -> None:
    records = [
        found_by(1, "f:@acme.example", "f:ann", "s:invoice", label_ids=frozenset({INBOX, UNREAD})),
        found_by(2, "f:@acme.example", "f:bob", "s:invoice", label_ids=frozenset({INBOX})),
        found_by(3, "f:@far.example", "f:ann", "s:hello", label_ids=frozenset({WORK, UNREAD})),
        found_by(4, "a", "f:@acme.example", "f:ann", "s:invoice", label_ids=frozenset({INBOX})),
    ]
    await fill(store, records)
    asked: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [1, 2, 3, 4]),
        ({"terms": {"f:@acme.example"}}, [1, 2, 4]),
        ({"terms": {"f:ann", "s:invoice"}}, [1, 4]),
        ({"terms": {"a"}}, [4]),
        ({"terms": {"f:eve"}}, []),
        ({"terms": {"f:ann"}, "label_ids": {UNREAD}}, [1, 3]),
        ({"label_ids": {INBOX, UNREAD}}, [1]),
        ({"without": {UNREAD}}, [2, 4]),
        ({"thread_id": ThreadId(f"{1:016x}")}, [2, 3]),
        ({"thread_id": ThreadId(f"{1:016x}"), "label_ids": {WORK}}, [3]),
        ({"since": START - timedelta(minutes=2)}, [1, 2]),
        ({"terms": {"f:ann"}, "before": (START - timedelta(minutes=2), MessageId(""))}, [3, 4]),
    ]
    for query, wanted in asked:
        page = await store.records.search(C1, SearchQuery(**query))
        assert numbers(page) == wanted, query
        assert page.complete
        assert page.before is None
    whole = await store.records.search(C1, SearchQuery())
    assert list(whole.records) == records
    assert numbers(await store.records.search(C2, SearchQuery())) == []


@pytest.mark.parametrize("terms", [frozenset[str](), frozenset({"f:ann"})])
async def test_pages_of_a_search_meet_without_a_gap(store: Store, terms: frozenset[str]) -> None:
    await fill(store, [found_by(number, "f:ann") for number in range(1, 12)])
    query, seen, pages = SearchQuery(limit=3, terms=terms), list[int](), 0
    while True:
        page = await store.records.search(C1, query)
        seen += numbers(page)
        pages += 1
        if page.before is None:
            break
        query = replace(query, before=page.before)
    assert seen == list(range(1, 12))
    assert pages == 4


async def test_a_search_reads_so_many_heads_and_says_where_it_stopped(store: Store) -> None:
    for start in range(1, SEARCHED + 100, 200):
        await fill(store, [found_by(number, "s:hello") for number in range(start, start + 200)])
    rare = found_by(700, "s:hello", label_ids=frozenset({WORK}))
    await fill(store, [rare])
    query = SearchQuery(terms=frozenset({"s:hello"}), label_ids=frozenset({WORK}))
    page = await store.records.search(C1, query)
    assert (numbers(page), page.complete) == ([], False)
    assert page.before is not None
    assert page.before[1] == f"{SEARCHED:016x}"
    rest = await store.records.search(C1, replace(query, before=page.before))
    assert (numbers(rest), rest.complete, rest.before) == ([700], True, None)


async def test_what_ended_is_found_no_more_and_labels_count_as_they_are_now(store: Store) -> None:
    await fill(store, [found_by(1, "f:ann"), found_by(2, "f:ann")])
    gone = head(1, 3).tombstone(SequenceNumber(3), START)
    moved = replace(head(2, 4), label_ids=frozenset({WORK}))
    await fill(store, [], heads=[gone, moved])
    found = await store.records.search(C1, SearchQuery(terms=frozenset({"f:ann"})))
    assert numbers(found) == [2]
    assert found.records[0].terms == ("f:ann",)
    inbox = SearchQuery(terms=frozenset({"f:ann"}), label_ids=frozenset({INBOX}))
    assert numbers(await store.records.search(C1, inbox)) == []


async def test_terms_are_emptied_with_the_payload_and_replaced_with_the_record(
    store: Store,
) -> None:
    await fill(store, [found_by(1, "f:ann"), found_by(2, "f:ann")])
    await fill(store, [found_by(2, "f:bob")])
    ann = SearchQuery(terms=frozenset({"f:ann"}))
    assert numbers(await store.records.search(C1, ann)) == [1]
    await store.records.prune(C1, SequenceNumber(1), 9, START)
    assert numbers(await store.records.search(C1, ann)) == []
    emptied = await store.records.get(C1, head(1).message_id)
    assert emptied is not None
    assert emptied.terms == ()
