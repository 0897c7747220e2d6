"""Properties of the stores, searched for counter-examples."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.connect.connection import SyncSettings
from shared.domain.ids import ConnectionId, LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.sync.records.record import LastAction, Record
from shared.ports.store import Store
from shared.ports.sync_store import Batch, NewestQuery, RecordQuery
from tests.contracts.samples import connection, head, record, send, sync_state
from tests.harness.clock import START

searched = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

moments = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001  the strategy adds the time zone
    datetime(2200, 1, 1),  # noqa: DTZ001  the same
    timezones=st.just(UTC),
)
durations = st.timedeltas(timedelta(0), timedelta(days=4000))
integers = st.integers(-(2**63), 2**63 - 1)
json = st.recursive(
    st.none()
    | st.booleans()
    | integers
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=10), json, max_size=5)
names = st.text(max_size=20)

connections = st.builds(
    connection,
    id=st.builds(lambda text: f"{text}{secrets.token_hex(8)}", st.text(max_size=30)),
    email=names,
    scopes=st.frozensets(names),
    created_at=moments,
    tags=st.dictionaries(names, names, max_size=5),
    end_user=st.none() | objects,
    metadata=objects,
    sync=st.builds(SyncSettings, names, st.lists(names).map(tuple), durations),
    retention=durations,
    error=st.none() | names,
)


@searched
@given(first=connections, second=connections)
async def test_any_connection_is_read_back_equal_created_or_swapped(
    store: Store, first: Any, second: Any
) -> None:
    created = await store.connections.create(first)
    assert await store.connections.get(first.id) == created
    swapped = await store.connections.swap(created, replace(second, id=first.id))
    assert await store.connections.get(first.id) == swapped


@searched
@given(request=st.binary(max_size=300), upstream=objects, due_at=st.none() | moments)
async def test_any_send_is_read_back_equal(
    store: Store, request: bytes, upstream: Any, due_at: datetime | None
) -> None:
    entry = send(secrets.token_hex(16), request=request, upstream=upstream, next_due_at=due_at)
    created = await store.sends.create(entry)
    assert await store.sends.get(entry.id) == created


labels = st.frozensets(st.sampled_from([LabelId("INBOX"), LabelId("UNREAD"), LabelId("L")]))
touches = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from(["put", "relabel", "delete"]),
        labels,
        st.binary(max_size=9),
    ),
    max_size=8,
    unique_by=lambda touch: touch[0],
)


class Model:
    """What the store must hold: records by id, each at its latest sequence number."""

    def __init__(self) -> None:
        self.records: dict[MessageId, Record] = {}
        self.sequence = 0

    def batch(self, commit: Sequence[Any]) -> Batch:
        """Apply one commit's touches here, and answer the batch that must do the same there."""
        put, heads = [], []
        for number, action, label_ids, payload in commit:
            self.sequence += 1
            known = self.records.get(head(number).message_id)
            if action == "put" or known is None:
                changed = record(number, self.sequence, payload=payload, label_ids=label_ids)
                changed = replace(changed, head=_dated(changed.head, number))
                put.append(changed)
            else:
                changed = replace(known, head=self._rewritten(known, action, label_ids))
                heads.append(changed.head)
            self.records[changed.head.message_id] = changed
        return Batch(put=put, heads=heads)

    def in_order(self) -> list[Record]:
        return sorted(self.records.values(), key=lambda one: one.head.sequence)

    def newest(self, label: LabelId | None) -> list[Record]:
        live = (
            one
            for one in self.records.values()
            if one.head.live and (label is None or label in one.head.label_ids)
        )
        return sorted(
            live, key=lambda one: (one.head.internal_date, one.head.message_id), reverse=True
        )

    def _rewritten(self, known: Record, action: str, label_ids: frozenset[LabelId]) -> Any:
        sequence, now = SequenceNumber(self.sequence), START + timedelta(seconds=self.sequence)
        if action == "delete":
            return known.head.tombstone(sequence, now)
        return known.head.with_labels(label_ids, known.head.history_id, sequence, now)


def _dated(made: Any, number: int) -> Any:
    # Few dates and threads, so that equal ones are common.
    date = START - timedelta(minutes=number // 3)
    return replace(made, internal_date=date, thread_id=ThreadId(f"t{number % 2}"))


@searched
@given(commits=st.lists(touches, max_size=5), limit=st.integers(1, 5))
async def test_records_are_what_the_commits_made_of_them(
    store: Store, commits: Sequence[Any], limit: int
) -> None:
    id = ConnectionId(secrets.token_hex(8))
    model = Model()
    was = await store.sync_states.create(sync_state(id, sequence=SequenceNumber(0)))
    for commit in commits:
        batch = model.batch(commit)
        now = replace(was.value, sequence=SequenceNumber(model.sequence))
        was = await store.sync_states.commit(was, now, batch)
    await _agree(store, id, model, limit)


async def _agree(store: Store, id: ConnectionId, model: Model, limit: int) -> None:
    expected = model.in_order()
    assert await _paged(store, id, RecordQuery(limit=limit)) == expected
    deleted = RecordQuery(limit=limit, actions=frozenset({LastAction.DELETED}))
    assert await _paged(store, id, deleted) == [
        one for one in expected if one.head.last_action is LastAction.DELETED
    ]
    for label in (None, LabelId("L")):
        newest = await store.records.newest(id, NewestQuery(limit=100, label_id=label))
        assert list(newest) == model.newest(label)
    heads = await store.records.heads(id, list(model.records))
    assert heads == {key: one.head for key, one in model.records.items()}
    walked: Mapping[str, Any] = {
        one.message_id: one async for batch in store.records.all_heads(id, None) for one in batch
    }
    assert walked == {key: one.head for key, one in model.records.items() if one.head.live}


async def _paged(store: Store, id: ConnectionId, query: RecordQuery) -> list[Record]:
    found: list[Record] = []
    while True:
        page = await store.records.page(id, query)
        found += page.records
        if page.last is None:
            return found
        query = replace(query, after=page.last)
