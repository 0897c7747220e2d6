"""What only the SQLite store promises: sharing a file, sweeping, and staying on its indexes."""

import asyncio
import multiprocessing
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.sqlite.database import SqliteDatabase
from shared.adapters.sqlite.store import open_store
from shared.domain.events.event import EventState
from shared.domain.ids import LabelId, MessageId, SequenceNumber, ThreadId
from shared.domain.keys.approval import ApprovalState
from shared.domain.operation import OperationState, OperationType
from shared.domain.send.entry import SendState
from shared.domain.sync.records.record import LastAction
from shared.errors import ConflictError
from shared.ports.connections import ConnectionQuery
from shared.ports.store import Store
from shared.ports.sync_store import Batch, NewestQuery, RecordQuery
from tests.contracts.samples import (
    C1,
    connect_session,
    connect_ticket,
    connection,
    event,
    operation,
    record,
    send,
    sync_state,
)
from tests.harness.clock import START, ManualClock

PROCESSES = 4
INCREMENTS = 25


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> Store:
    return open_store(tmp_path / "store.db", clock)


async def _increment(path: Path) -> None:
    store = open_store(path, ManualClock())
    for _ in range(INCREMENTS):
        while True:
            was = await store.sync_states.get(C1)
            assert was
            changed = replace(was.value, failures=was.value.failures + 1)
            batch = Batch(put=[record(changed.failures, changed.failures)])
            try:
                await store.sync_states.commit(was, changed, batch)
            except ConflictError:
                continue
            break


def _increment_in_a_process(path: Path) -> None:
    asyncio.run(_increment(path))


async def test_several_processes_share_a_file_and_lose_nothing(
    store: Store, tmp_path: Path
) -> None:
    await store.sync_states.create(sync_state(failures=0))
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_increment_in_a_process, args=(tmp_path / "store.db",))
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        await asyncio.to_thread(worker.join)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    final = await store.sync_states.get(C1)
    assert final
    assert final.value.failures == PROCESSES * INCREMENTS
    page = await store.records.page(C1, RecordQuery(limit=1000))
    assert [one.head.sequence for one in page.records] == list(range(1, 101))


async def test_what_was_written_is_there_after_reopening(
    store: Store, tmp_path: Path, clock: ManualClock
) -> None:
    created = await store.connections.create(connection())
    await store.close()
    assert await open_store(tmp_path / "store.db", clock).connections.get(C1) == created


async def test_an_expired_document_goes_a_day_later(store: Store, clock: ManualClock) -> None:
    old = await store.connect_sessions.create(connect_session("old"))
    clock.current = old.value.expires_at + timedelta(hours=23)
    await store.connect_sessions.create(connect_session("s2"))
    assert await store.connect_sessions.get("old") == old
    clock.current += timedelta(hours=2)
    await store.connect_sessions.create(
        replace(connect_session("s3"), expires_at=clock.current + timedelta(minutes=30))
    )
    assert await store.connect_sessions.get("old") is None
    assert await store.connect_sessions.get("s3")


async def test_sweeping_takes_nothing_from_other_collections(
    store: Store, clock: ManualClock
) -> None:
    ticket = await store.connect_tickets.create(connect_ticket())
    await store.connections.create(connection())
    clock.current += timedelta(days=300)
    await store.connect_sessions.create(connect_session())
    assert await store.connect_tickets.get("t1") == ticket
    assert await store.connections.get(C1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect every statement with its values filled in."""
    statements: list[str] = []
    opened = SqliteDatabase.__init__

    def traced(self: SqliteDatabase, path: Path) -> None:
        opened(self, path)
        self._connection.set_trace_callback(statements.append)

    monkeypatch.setattr(SqliteDatabase, "__init__", traced)
    return statements


async def _read_everything(store: Store) -> None:
    label, thread = LabelId("INBOX"), ThreadId("t")
    before = (START, MessageId("f"))
    for newest in (
        NewestQuery(),
        NewestQuery(before=before),
        NewestQuery(label_id=label, before=before),
        NewestQuery(thread_id=thread, before=before),
        NewestQuery(label_id=label, thread_id=thread),
    ):
        await store.records.newest(C1, newest)
    await store.records.of_threads(C1, [thread], 9)
    for page in (
        RecordQuery(),
        RecordQuery(actions=frozenset({LastAction.ADDED}), modified_after=START),
        RecordQuery(ids=[MessageId("1")]),
    ):
        await store.records.page(C1, page)
        await store.records.rows(C1, page)
    await store.records.heads(C1, [MessageId("1")])
    await store.records.prune(C1, SequenceNumber(5), 10, START)
    async for _ in store.records.all_heads(C1, START - timedelta(days=1)):
        pass
    await store.sync_states.due(START, 10)
    await store.outbox.due(START, 10)
    await store.sends.due(START, 10)
    await store.sends.many(["l1"])
    await store.sends.list_traced(C1, ["marker"])
    await store.bulk_sends.due(START, 10)
    await store.bulk_sends.list_unfinished(C1, 10)
    await store.approvals.due(START, 10)
    for connection_id in (None, C1):
        for decided in (None, ApprovalState.PENDING):
            for among in (None, [C1]):
                await store.approvals.list(
                    connection_id=connection_id, state=decided, limit=10, among=among
                )
    await store.operations.list(connection_id=None, type=None, state=None, limit=10, among=[C1])
    await store.outbox.list(state=None, connection_id=None, limit=10, among=[C1])
    await store.mailboxes.renewable(START, 10)
    await store.connections.find(ConnectionQuery(tags={"plan": "pro"}))
    for kind, ended in ((OperationType.SYNC, None), (None, OperationState.FAILED)):
        await store.operations.list(connection_id=None, type=kind, state=ended, limit=10)
    await store.outbox.list(state=EventState.DEAD, connection_id=None, limit=10)
    for owner in (None, C1):
        for state in (None, SendState.UNKNOWN):
            await store.sends.list(owner, 10, state=state)
    await store.quarantine.list(C1, 10)


async def test_no_read_walks_a_whole_table(
    asked: list[str], tmp_path: Path, clock: ManualClock
) -> None:
    """A hundred thousand records stay as fast as ten: every read starts from an index."""
    path = tmp_path / "store.db"
    store = open_store(path, clock)
    was = await store.sync_states.create(sync_state())
    records = [record(number, number + 1) for number in range(50)]
    await store.sync_states.commit(was, replace(was.value, failures=1), Batch(put=records))
    await store.connections.create(connection())
    await store.outbox.create(event())
    await store.sends.create(send())
    await store.operations.append(operation())
    asked.clear()
    await _read_everything(store)
    selects = {statement for statement in asked if statement.lstrip().startswith("SELECT")}
    assert len(selects) > 15
    with sqlite3.connect(path) as database:
        for statement in selects:
            plan = database.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            walked = [row[3] for row in plan if row[3].startswith("SCAN") and "json" not in row[3]]
            walked = [step for step in walked if "VIRTUAL TABLE" not in step]
            assert not walked, (statement, plan)
