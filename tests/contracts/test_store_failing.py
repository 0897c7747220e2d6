"""A database that fails is a StoreUnavailableError from every method of every store port."""

import inspect
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from shared.adapters.firestore import store as firestore_store
from shared.adapters.firestore.retention import FirestoreRetention
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.sqlite import store as sqlite_store
from shared.domain.ids import MessageId, SequenceNumber, ThreadId
from shared.errors import CorruptStoreError, StoreUnavailableError
from shared.ports.connections import ConnectionQuery
from shared.ports.documents import Versioned
from shared.ports.model_store import ModelBatch, ModelQuery
from shared.ports.store import Store
from shared.ports.sync_store import Batch, NewestQuery, RecordQuery, SearchQuery
from tests.contracts.collections import SAMPLES
from tests.contracts.samples import (
    C1,
    approval,
    event,
    model_sync,
    operation,
    record,
    send,
    sync_state,
)
from tests.harness.clock import START, HurriedClock, ManualClock

VERSION = "1700000000000000"
IDS = [MessageId("1")]


def _ports() -> dict[str, Any]:
    hints = get_type_hints(Store)
    return {name: hint for name, hint in hints.items() if name != "close"}


def _methods() -> list[tuple[str, str]]:
    return [
        (port, name)
        for port, protocol in _ports().items()
        for name, _ in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    ]


_LISTING = {"state": None, "connection_id": None, "limit": 1}
_STATE = Versioned(sync_state(), VERSION)
_CALLS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("connections", "find"): lambda port: port.find(ConnectionQuery()),
    ("mailboxes", "renewable"): lambda port: port.renewable(START, 1),
    ("mailboxes", "note_push"): lambda port: port.note_push("a@x.org", START),
    ("sync_states", "commit"): lambda port: port.commit(
        _STATE, replace(_STATE.value, failures=1), Batch(put=[record()], event=event())
    ),
    ("sync_states", "due"): lambda port: port.due(START, 1),
    ("records", "heads"): lambda port: port.heads(C1, IDS),
    ("records", "all_heads"): lambda port: port.all_heads(C1, None),
    ("records", "get"): lambda port: port.get(C1, IDS[0]),
    ("records", "page"): lambda port: port.page(C1, RecordQuery()),
    ("records", "rows"): lambda port: port.rows(C1, RecordQuery()),
    ("records", "newest"): lambda port: port.newest(C1, NewestQuery()),
    ("records", "of_threads"): lambda port: port.of_threads(C1, [ThreadId("t")], 1),
    ("records", "search"): lambda port: port.search(C1, SearchQuery()),
    ("records", "prune"): lambda port: port.prune(C1, SequenceNumber(1), 1, START),
    ("records", "prune_deleted"): lambda port: port.prune_deleted(C1, START, 1, START),
    ("connections", "walk"): lambda port: port.walk(None, 1),
    ("grants", "walk"): lambda port: port.walk(None, 1),
    ("api_keys", "list"): lambda port: port.list(1),
    ("api_keys", "children"): lambda port: port.children("k1", 1),
    ("console_sessions", "list"): lambda port: port.list(1),
    ("webhook_endpoints", "list"): lambda port: port.list(),
    ("records", "purge"): lambda port: port.purge(C1, 1),
    ("quarantine", "get"): lambda port: port.get(C1, IDS),
    ("quarantine", "list"): lambda port: port.list(C1, 1),
    ("outbox", "due"): lambda port: port.due(START, 1),
    ("outbox", "list"): lambda port: port.list(**_LISTING),
    ("operations", "append"): lambda port: port.append(operation()),
    ("operations", "list"): lambda port: port.list(type=None, **_LISTING),
    ("sends", "due"): lambda port: port.due(START, 1),
    ("sends", "many"): lambda port: port.many(["l1"]),
    ("sends", "list_traced"): lambda port: port.list_traced(C1, ["m"]),
    ("bulk_sends", "due"): lambda port: port.due(START, 1),
    ("bulk_sends", "list_unfinished"): lambda port: port.list_unfinished(C1, 1),
    ("approvals", "open"): lambda port: port.open(approval(), event()),
    ("approvals", "conclude"): lambda port: port.conclude(
        Versioned(approval(), VERSION), approval(attempts=1), event()
    ),
    ("approvals", "due"): lambda port: port.due(START, 1),
    ("approvals", "list"): lambda port: port.list(**_LISTING),
    ("model_syncs", "commit"): lambda port: port.commit(
        Versioned(model_sync("c1"), VERSION), model_sync("c1"), ModelBatch()
    ),
    ("model_syncs", "due"): lambda port: port.due(START, 1),
    ("model_syncs", "of_connection"): lambda port: port.of_connection(C1),
    ("model_records", "heads"): lambda port: port.heads(C1, "Label", IDS),
    ("model_records", "get"): lambda port: port.get(C1, "Label", IDS),
    ("model_records", "of_sources"): lambda port: port.of_sources(C1, "Label", IDS),
    ("model_records", "live"): lambda port: port.live(C1, "Label"),
    ("model_records", "page"): lambda port: port.page(C1, ModelQuery("Label")),
    ("model_records", "list_poisoned"): lambda port: port.list_poisoned(C1, "sync-labels", 1),
    ("model_records", "prune"): lambda port: port.prune(C1, "Label", SequenceNumber(1), 1, START),
    ("model_records", "prune_deleted"): lambda port: port.prune_deleted(C1, START, 1, START),
    ("model_records", "purge"): lambda port: port.purge(C1, 1),
    ("retention", "erase"): lambda port: port.erase(C1, 1),
    ("retention", "sweep"): lambda port: port.sweep(1),
    ("sends", "list"): lambda port: port.list(C1, 1),
    ("sends", "conclude"): lambda port: port.conclude(
        Versioned(send(), VERSION), send(attempts=1), event()
    ),
}


def _document_call(port: str, method: str) -> Callable[[Any], Any]:
    sample = next(sample for sample in SAMPLES if sample.port == port)
    value = sample.make("id-1")
    was = Versioned(value, VERSION)
    calls: dict[str, Callable[[Any], Any]] = {
        "get": lambda documents: documents.get("id-1"),
        "create": lambda documents: documents.create(value),
        "swap": lambda documents: documents.swap(was, sample.edit(value, 1)),
        "delete": lambda documents: documents.delete(was),
    }
    return calls[method]


async def _call(store: Store, port: str, method: str) -> None:
    call = _CALLS.get((port, method)) or _document_call(port, method)
    answer = call(getattr(store, port))
    if inspect.isasyncgen(answer):
        async for _ in answer:
            pass
    else:
        await answer


async def _closed_sqlite(path: Path) -> Store:
    store = sqlite_store.open_store(path, ManualClock())
    await store.close()
    return store


async def _gutted_sqlite(path: Path) -> Store:
    store = sqlite_store.open_store(path, ManualClock())
    with sqlite3.connect(path) as other:
        tables = other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            other.execute(f"DROP TABLE {table}")
    return store


async def _closed_firestore(_path: Path) -> Store:
    store = firestore_store.open_store("nowhere")
    await store.close()
    return store


async def _unreachable_firestore(_path: Path) -> Store:
    return firestore_store.open_store("nowhere")


FAILING = {
    "closed sqlite": _closed_sqlite,
    "gutted sqlite": _gutted_sqlite,
    "closed firestore": _closed_firestore,
    "unreachable firestore": _unreachable_firestore,
}


@pytest.fixture(params=FAILING)
async def failing_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    """A store over a database that cannot answer."""  # noqa: D401  a noun is clearer here
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setattr(FirestoreRpc, "clock", HurriedClock())
    store = await FAILING[request.param](tmp_path / "store.db")
    yield store
    await store.close()


async def _error_of(store: Store, port: str, method: str) -> tuple[type[Exception] | None, str]:
    """Return what a call raises, and in which words."""
    try:
        await _call(store, port, method)
    except Exception as error:  # noqa: BLE001  whatever it is, it is what is asked for
        return type(error), str(error)
    return None, ""


async def test_a_failing_database_is_unavailable_from_every_method(failing_store: Store) -> None:
    is_expired_by_firestore = isinstance(failing_store.retention, FirestoreRetention)
    for port, method in _methods():
        if method == "sweep" and is_expired_by_firestore:
            continue  # Nothing is asked of it.
        raised, said = await _error_of(failing_store, port, method)
        assert raised is StoreUnavailableError, (port, method)
        assert "example.com" not in said, (port, method)


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("this is a letter, not a database" * 100)
    with pytest.raises(CorruptStoreError):
        sqlite_store.open_store(path, ManualClock())


async def test_a_damaged_page_is_its_own_error_and_passes_for_no_outage(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = sqlite_store.open_store(path, ManualClock())
    _damage(path)
    for port, method in _methods():
        store.records.database.rows("PRAGMA shrink_memory")  # type: ignore[attr-defined]
        raised, said = await _error_of(store, port, method)
        assert raised is CorruptStoreError, (port, method)
        assert LETTER not in said, (port, method)
    await store.close()


LETTER = "a letter"


def _damage(path: Path) -> None:
    """Write a letter over every page of every table and index but the schema's."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = other.execute("PRAGMA page_size").fetchone()
        roots = other.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 0")
        pages = [page for (page,) in roots.fetchall()]
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write((LETTER.encode() * size)[:size])


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        sqlite_store.open_store(tmp_path / "missing" / "store.db", ManualClock())
