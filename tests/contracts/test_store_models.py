"""What both stores promise of own syncs: one commit, one order, no lost place."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from shared.domain.ids import CommitId, EventId, SequenceNumber
from shared.domain.models.record import (
    ModelHead,
    ModelRecord,
    Poisoned,
    fields_of,
    saved_row,
    write_row,
)
from shared.domain.models.state import Absence, ModelCounts, ModelSyncState, state_id
from shared.domain.packed import PlainText
from shared.domain.sync.records.record import EndReason, LastAction
from shared.domain.sync.state import Tally
from shared.errors import AlreadyExistsError, ConflictError
from shared.ports.documents import Versioned
from shared.ports.model_store import ModelBatch, ModelQuery
from shared.ports.store import Store
from tests.contracts.samples import C1, C2, event
from tests.harness.clock import START

SYNC, MODEL = "sync-labels", "Label"


def shown_row(record: ModelRecord) -> Any:
    """Return the record as a page shows it."""
    text = PlainText()
    write_row(record, text, "c")
    return orjson.loads(text.end())


def row(
    number: int, sequence: int, *, model: str = MODEL, source: str | None = None, **changes: Any
) -> ModelRecord:
    """Return record `number` at a sequence number."""
    saved = saved_row(model, {"id": f"r{number}", "name": f"Name {number}"}, "id", source)
    head = ModelHead(model, saved.id, saved.hash, SequenceNumber(sequence), START, START)
    return ModelRecord(replace(head, source=source, **changes), saved.payload)


def ended(number: int, sequence: int) -> ModelHead:
    """Return record `number` as a tombstone."""
    later = START + timedelta(minutes=1)
    return replace(row(number, 0).head.tombstone(later), sequence=SequenceNumber(sequence))


async def begun(store: Store, id: Any = C1) -> Versioned[ModelSyncState]:
    """Create the state of the sync."""
    return await store.model_syncs.create(ModelSyncState(id, SYNC, next_due_at=START))


async def write(
    store: Store, was: Versioned[ModelSyncState], **batch: Any
) -> Versioned[ModelSyncState]:
    """Commit a batch."""
    now = replace(was.value, commit_id=CommitId(f"{was.value.commit_id}+"))
    return await store.model_syncs.commit(was, now, ModelBatch(**batch))


async def listed(store: Store, model: str = MODEL, **query: Any) -> list[ModelRecord]:
    """Return every record of the model in commit order."""
    return [*(await store.model_records.page(C1, ModelQuery(model, **query))).records]


async def test_state_records_quarantine_and_events_are_written_together(store: Store) -> None:
    """One commit writes all of it, and each is read back as it was."""
    was = await begun(store)
    poisoned = Poisoned(SYNC, "t1", "ValueError at x.py:3", 1, START, START)
    counts = ModelCounts(2, Tally(2), listed="d", absence=Absence(1, "x", ("a",), held=True))
    now = replace(
        was.value,
        checkpoint={"token": "t", "page": 1},
        models={MODEL: counts},
        sequence=SequenceNumber(2),
    )
    batch = ModelBatch([row(1, 1), row(2, 2)], (), [poisoned], (), [(event(), None)])
    written = await store.model_syncs.commit(was, now, batch)
    assert await store.model_syncs.get(state_id(C1, SYNC)) == written
    assert await listed(store) == [row(1, 1), row(2, 2)]
    assert await store.model_records.list_poisoned(C1, SYNC, 9) == [poisoned]
    assert await store.outbox.get("e1")
    again = await write(store, written, heads=[ended(1, 3)], released=["t1"])
    assert [one.head for one in await listed(store)] == [row(2, 2).head, ended(1, 3)]
    assert fields_of((await listed(store))[-1])["name"] == "Name 1"
    assert await store.model_records.list_poisoned(C1, SYNC, 9) == []
    assert again.value.connection_id == C1


async def test_a_late_commit_writes_nothing_at_all(store: Store) -> None:
    """A commit at an outdated state leaves no record, no event and no entry."""
    was = await begun(store)
    first = await write(store, was, put=[row(1, 1)])
    with pytest.raises(ConflictError):
        await write(store, was, put=[row(1, 2), row(2, 3)], events=[(event(), None)])
    assert await listed(store) == [row(1, 1)]
    assert await store.outbox.get("e1") is None
    with pytest.raises(ConflictError):
        await write(store, first, put=[row(5, 5)], heads=[ended(9, 6)])
    assert await listed(store) == [row(1, 1)]
    with pytest.raises(AlreadyExistsError):
        await begun(store)


async def test_two_events_of_one_commit_are_both_there_and_one_is_extended(store: Store) -> None:
    """A sync of two models tells both; an open event takes later news in the same commit."""
    was = await begun(store)
    other = replace(event(), id=EventId("e2"))
    written = await write(store, was, events=[(event(), None), (other, None)])
    read = await store.outbox.get("e1")
    assert read
    longer = replace(read.value, payload={**read.value.payload, "more": 1})
    await write(store, written, events=[(longer, read.version)])
    assert (await store.outbox.get("e1") or read).value.payload["more"] == 1
    assert await store.outbox.get("e2")


async def test_models_and_connections_are_kept_apart(store: Store) -> None:
    """The same id in another model or connection is another record."""
    was = await begun(store)
    await write(store, was, put=[row(1, 1), row(1, 2, model="Alias")])
    theirs = await begun(store, C2)
    await write(store, theirs, put=[row(1, 7)])
    assert await listed(store) == [row(1, 1)]
    assert await listed(store, "Alias") == [row(1, 2, model="Alias")]
    assert await store.model_records.heads(C1, MODEL, ["r1", "r9"]) == {"r1": row(1, 1).head}
    assert await store.model_records.get(C2, MODEL, ["r1"]) == {"r1": row(1, 7)}


async def test_a_page_never_loses_a_place_whatever_the_filter(store: Store) -> None:
    """Following `last` shows each wanted record once, in order."""
    was = await begun(store)
    puts = [row(one, one, last_action=list(LastAction)[one % 3]) for one in range(1, 12)]
    await write(store, was, put=puts)
    seen: list[str] = []
    query = ModelQuery(MODEL, limit=2, actions=frozenset({LastAction.UPDATED}))
    while True:
        page = await store.model_records.page(C1, query)
        seen += [one.head.id for one in page.records]
        if page.last is None:
            break
        query = replace(query, after=page.last)
    assert seen == ["r1", "r4", "r7", "r10"]
    assert [one.head.id for one in await listed(store, ids=["r3", "r2"])] == ["r2", "r3"]
    assert await listed(store, modified_after=START + timedelta(seconds=1)) == []


async def test_heads_are_found_by_source_and_by_life(store: Store) -> None:
    """What was derived from a thread is found by it; what is live is walked by id."""
    was = await begun(store)
    puts = [row(one, one, source=f"t{one % 50}") for one in range(1, 120)]
    first = await write(store, was, put=puts)
    await write(store, first, heads=[replace(ended(1, 200), source="t1")])
    wanted = [f"t{one}" for one in range(45)]
    found = await store.model_records.of_sources(C1, MODEL, wanted)
    assert {one.id for one in found} == {f"r{n}" for n in range(1, 120) if n % 50 < 45}
    live = [head.id async for heads in store.model_records.live(C1, MODEL) for head in heads]
    assert live == sorted(f"r{n}" for n in range(2, 120))


async def test_pruning_empties_payloads_and_keeps_records(store: Store) -> None:
    """What is emptied stays a record under its number; a later tombstone leaves it emptied."""
    was = await begun(store)
    first = await write(store, was, put=[row(1, 1), row(2, 2), row(3, 3)])
    assert await store.model_records.prune(C1, MODEL, SequenceNumber(2), 1, START) == (1, True)
    assert await store.model_records.prune(C1, MODEL, SequenceNumber(2), 9, START) == (1, False)
    await write(store, first, heads=[ended(1, 4), ended(3, 5)])
    later = START + timedelta(days=1)
    assert await store.model_records.prune_deleted(C1, later, 9, later) == (1, False)
    found = {one.head.id: (one.payload, one.head.pruned_at) for one in await listed(store)}
    assert found == {"r2": (b"", START), "r1": (b"", START), "r3": (b"", later)}


@pytest.mark.parametrize("reason", [EndReason.DELETED, EndReason.EMPTIED])
async def test_a_tombstone_says_why_in_its_metadata(store: Store, reason: EndReason) -> None:
    """A field of that name is the model's own; one that comes back says nothing."""
    was = await begun(store)
    saved = saved_row(MODEL, {"id": "r1", "reason": "theirs"}, "id")
    head = ModelHead(MODEL, "r1", saved.hash, SequenceNumber(1), START, START)
    first = await write(store, was, put=[ModelRecord(head, saved.payload)])
    gone = replace(head.tombstone(START, reason), sequence=SequenceNumber(2))
    second = await write(store, first, heads=[gone])
    (found,) = await listed(store)
    assert found.head == gone
    shown = shown_row(found)
    assert shown["reason"] == "theirs"
    assert shown["_nango_metadata"]["reason"] == reason.value
    await write(store, second, put=[row(1, 3)])
    (found,) = await listed(store)
    assert "reason" not in shown_row(found)["_nango_metadata"]


async def test_what_is_due_and_whose_it_is(store: Store) -> None:
    """What is due is named; a connection's states are found without the code."""
    mine = await begun(store)
    await begun(store, C2)
    await store.model_syncs.create(ModelSyncState(C1, "other"))
    due = await store.model_syncs.due(START, 9)
    assert sorted(due) == [(C1, SYNC), (C2, SYNC)]
    assert await store.model_syncs.due(START - timedelta(seconds=1), 9) == []
    assert {one.value.sync for one in await store.model_syncs.of_connection(C1)} == {"other", SYNC}
    assert await store.model_syncs.delete(mine)


async def test_a_purge_leaves_nothing_of_the_connection(store: Store) -> None:
    """Records of every model and their quarantine go, in portions; others' stay."""
    was = await begun(store)
    poisoned = Poisoned(SYNC, "t1", "x", 1, START, START)
    await write(store, was, put=[row(one, one) for one in range(1, 6)], poisoned=[poisoned])
    await write(store, await begun(store, C2), put=[row(1, 1)])
    gone = [await store.model_records.purge(C1, 4) for _ in range(3)]
    assert gone == [4, 2, 0]
    assert await listed(store) == []
    assert await store.model_records.get(C2, MODEL, ["r1"])
