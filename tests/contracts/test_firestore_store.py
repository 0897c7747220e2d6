"""What only the Firestore store promises: indexes, values, names and its connection."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.documents import codec as codecs
from shared.adapters.firestore import models
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.indexes import COMPOSITE, SINGLE_FIELD, TTL
from shared.adapters.firestore.queries import build_query
from shared.adapters.firestore.record_fields import HEAD_FIELDS
from shared.adapters.firestore.rpc import GET_BATCH, FirestoreRpc
from shared.adapters.firestore.store import open_store, store_over
from shared.adapters.firestore.values import (
    DocumentPb,
    at_version,
    document_key,
    fields_of,
    set_value,
    version_of,
)
from shared.domain.ids import MessageId
from shared.domain.sync.records.record import RecordHead
from tests.contracts.backends import FirestoreBackend
from tests.contracts.collections import SAMPLES
from tests.contracts.index_plans import assert_indexed
from tests.contracts.samples import C1, connection, operation
from tests.harness.clock import START

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes(datetime(1, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001  zone is added
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_any_value_survives_its_message(value: Any) -> None:
    document = DocumentPb()
    set_value(document.fields["x"], value)
    again = DocumentPb.FromString(document.SerializeToString())
    assert fields_of(again) == {"x": value}


@given(st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  zone is added
def test_a_version_carries_every_microsecond(moment: datetime) -> None:
    document = DocumentPb()
    set_value(document.fields["x"], moment)
    timestamp = document.fields["x"].timestamp_value
    assert at_version(version_of(timestamp)).update_time == timestamp


@given(st.text(min_size=0, max_size=300), st.text(max_size=300))
def test_document_names_are_allowed_and_never_shared(first: str, second: str) -> None:
    for id in (first, second):
        key = document_key(id)
        assert 0 < len(key.encode()) <= 1500
        assert "/" not in key
        assert key not in {".", ".."}
        assert not key.startswith("__")
    assert (document_key(first) == document_key(second)) == (first == second)


def test_every_indexed_field_exists() -> None:
    for index in (*COMPOSITE, *SINGLE_FIELD):
        names = _stored_names(index.collection)
        assert {name for name, _ in index.fields} <= names, index


def test_every_document_that_expires_has_a_ttl() -> None:
    expiring = {
        codec.collection
        for codec in vars(codecs).values()
        if isinstance(codec, codecs.Codec) and "expires_at" in get_type_hints(codec.type)
    }
    assert set(TTL) == expiring
    assert set(TTL.values()) == {"expires_at"}


def test_record_heads_are_stored_whole() -> None:
    assert set(HEAD_FIELDS) == {field.name for field in fields(RecordHead)}


def test_the_index_check_of_these_contracts_notices_a_missing_index() -> None:
    for query in (
        build_query("sends", (("marker", "==", "m"),), limit=1),
        build_query("events", (("shard", "==", 1),), (("due_at", "DESC"),), limit=1),
        build_query("records", (("origin", "==", "live"), ("sequence", ">", 1)), limit=1),
    ):
        with pytest.raises(AssertionError, match="no declared index"):
            assert_indexed(query)


@pytest.mark.emulators
def test_each_event_loop_has_its_own_connection(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    store = open_store("test-loops")

    async def write_and_read(id: str) -> bool:
        created = await store.connections.create(connection(id))
        return await store.connections.get(id) == created

    assert asyncio.run(write_and_read("c1"))
    assert asyncio.run(write_and_read("c2"))


@pytest.mark.emulators
async def test_databases_are_kept_apart(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    first, second = open_store("test-apart", "blue"), open_store("test-apart", "green")
    await first.connections.create(connection("c1"))
    assert await second.connections.get("c1") is None
    await first.close()
    await second.close()


class CountingRpc(FirestoreRpc):
    """Notes the documents of every read."""

    def __init__(self) -> None:
        super().__init__(f"test-together-{uuid4().hex[:8]}")
        self.reads: list[list[str]] = []

    async def _get(self, names: Sequence[str], fields: Sequence[str] | None) -> Mapping[str, Any]:
        self.reads.append([name.rpartition("/documents/")[2] for name in names])
        return await super()._get(names, fields)


@pytest.mark.emulators
async def test_what_is_asked_for_at_once_is_one_read(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    rpc = CountingRpc()
    store = store_over(rpc)
    made = await store.connections.create(connection("c1"))
    gone = asyncio.create_task(store.connections.get("c1"))
    asked = asyncio.gather(
        store.connections.get("c1"),
        store.connections.get("c2"),
        store.grants.get("c1"),
        store.records.heads(C1, [MessageId("m1")]),
    )
    await asyncio.sleep(0)
    gone.cancel()
    assert [*await asked] == [made, None, None, {}]
    names = ["connections/c1", "connections/c2", "grants/c1"]
    assert sorted(rpc.reads) == [[f"connections/{C1}/records/m1"], names]
    assert await store.connections.get("c1") == made
    assert rpc.reads[-1] == ["connections/c1"]
    await store.close()


@pytest.mark.emulators
async def test_more_than_a_read_may_hold_is_asked_for_in_several(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    rpc = CountingRpc()
    names = [rpc.name("connections", f"c{number}") for number in range(GET_BATCH + 1)]
    found = await asyncio.gather(rpc.get(names), *(rpc.get([name]) for name in names))
    assert not any(found)
    assert {name for read in rpc.reads for name in read} == {
        name.rpartition("/documents/")[2] for name in names
    }
    assert all(len(read) <= GET_BATCH for read in rpc.reads)
    assert len(rpc.reads) <= 4
    await rpc.close()


@pytest.mark.emulators
async def test_what_another_version_gathered_hides_nothing_else(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While two versions run, one may log what the other has no word for."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    backend = FirestoreBackend(f"test-gathered-{uuid4().hex[:8]}")
    store = backend.open()
    made = [operation(f"o{i}", started_at=START + timedelta(seconds=i)) for i in range(3)]
    await store.operations.append(*made)
    known, _ = await backend.get_field(("operations", "o2"), "earlier")
    later = known[:-1] + ', "added_tomorrow": 1}'
    unknown = known.replace('"sync"', '"tomorrows"')
    assert unknown != known
    await backend.set_field(("operations", "o2"), "earlier", [later, unknown, "{"])
    found = await store.operations.list(connection_id=C1, type=None, state=None, limit=9)
    assert list(found) == [made[2], made[0]]
    await backend.close()


def test_what_times_are_stored_as_lets_firestore_expire_and_compare_them() -> None:
    sends = FirestoreDocuments(FirestoreRpc("p"), codecs.SENDS)
    stored = sends.fields(next(s for s in SAMPLES if s.port == "sends").make("l1"))
    assert isinstance(stored["expires_at"], datetime)
    assert stored["expires_at"].utcoffset() == timedelta(0)


def _stored_names(collection: str) -> set[str]:
    if collection == "records":
        return {*HEAD_FIELDS, "terms"}
    if collection == "model_records":
        return {*models.HEAD_FIELDS}
    if collection == "model_quarantine":
        return set(get_type_hints(codecs.POISONED.type))
    if collection == "quarantine":
        return set(get_type_hints(codecs.QUARANTINE.type))
    store = open_store("p")
    if collection == "operations":
        return set(get_type_hints(codecs.OPERATIONS.type)) | {"listed_under", "earlier"}
    sample = next(sample for sample in SAMPLES if sample.collection == collection)
    documents: Any = getattr(store, sample.port)
    return set(documents.fields(sample.make("id-1")))
