"""Every query the Firestore store can issue has its index, and every index has its query.

The emulator serves any query, so each is only written down here and held against what Terraform
declares; nothing connects.
"""

import ast
import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from itertools import chain, combinations
from pathlib import Path
from types import FrameType
from typing import Any

from shared import adapters
from shared.adapters.firestore.indexes import COMPOSITE, SINGLE_FIELD, Index
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.store import store_over
from shared.domain.connect.connection import ConnectionStatus
from shared.domain.events.event import EventState
from shared.domain.ids import (
    ConnectionId,
    LabelId,
    MessageId,
    SequenceNumber,
    ThreadId,
)
from shared.domain.keys.approval import ApprovalState
from shared.domain.operation import OperationState, OperationType
from shared.domain.send.entry import SendState
from shared.domain.sync.records.record import LastAction
from shared.ports.connections import ConnectionQuery
from shared.ports.model_store import ModelQuery
from shared.ports.store import Store
from shared.ports.sync_store import NewestQuery, RecordQuery, SearchQuery
from tests.contracts.index_plans import index_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)
C1 = ConnectionId("c1")
MANY = [ConnectionId(f"c{number}") for number in range(70)]
QUERYING = {"build_query", "due_in_shard", "newest_listed", "_spread", "_query", "_empty"}
"""Whoever calls one of these issues a query."""


class Noting(FirestoreRpc):
    """A connection that notes the index of each query and finds nothing."""

    def __init__(self) -> None:
        super().__init__("demo")
        self.indexes: set[Index] = set()

    async def get(self, names: Iterable[str], fields: Sequence[str] | None = None) -> Any:
        return {}

    async def stream(self, structured: Any, parent: str | None = None) -> AsyncIterator[Any]:
        index = index_of(structured)
        if index is not None:
            self.indexes.add(index)
        found: tuple[Any, ...] = ()
        for document in found:
            yield document


def mixed(**values: Any) -> Iterator[dict[str, Any]]:
    """Return every choice of the arguments given: each there or not."""
    choices = chain.from_iterable(combinations(values, count) for count in range(len(values) + 1))
    return ({name: values[name] for name in chosen} for chosen in choices)


def one_of(**values: Any) -> Iterator[dict[str, Any]]:
    """Return every choice of arguments that must all be given, None where not asked for."""
    return ({**dict.fromkeys(values), **chosen} for chosen in mixed(**values))


def listings(store: Store) -> Iterator[Awaitable[Any]]:
    """Ask for every log with every choice of filters."""
    for asked in one_of(
        connection_id=C1, type=OperationType.SYNC, state=OperationState.FAILED, among=MANY
    ):
        yield store.operations.list(**asked, limit=9)
    for asked in one_of(connection_id=C1, state=EventState.DEAD, among=MANY):
        for between in mixed(since=NOW, until=NOW):
            yield store.outbox.list(**asked, **between, limit=9)
    for asked in one_of(connection_id=C1, state=ApprovalState.PENDING, among=MANY):
        for until in mixed(until=NOW):
            yield store.approvals.list(**asked, **until, limit=9)
    for owner in (None, C1):
        for narrowed in mixed(state=SendState.UNKNOWN, until=NOW):
            yield store.sends.list(owner, 9, **narrowed)
    for asked in mixed(
        connection_id=C1,
        search="ada",
        end_user_id="u1",
        end_user_organization_id="acme",
        tags={"plan": "pro", "team": "blue"},
        status=ConnectionStatus.REAUTH_REQUIRED,
        after=(NOW, C1),
    ):
        yield store.connections.find(ConnectionQuery(**asked))


def records(store: Store) -> Iterator[Awaitable[Any]]:
    """Ask for records in every way."""
    some = frozenset({LastAction.ADDED, LastAction.DELETED})
    for asked in mixed(after=SequenceNumber(5), actions=some, modified_after=NOW, ids=["m1"]):
        yield store.records.page(C1, RecordQuery(**asked))
        yield store.records.rows(C1, RecordQuery(**asked))
    before = (NOW, MessageId("m1"))
    for screen in mixed(label_id=LabelId("INBOX"), thread_id=ThreadId("t1"), before=before):
        yield store.records.newest(C1, NewestQuery(**screen))
    yield store.records.of_threads(C1, [ThreadId("t1"), ThreadId("t2")], 9)
    for search in mixed(
        terms=frozenset({"f:ann"}),
        label_ids=frozenset({LabelId("INBOX")}),
        thread_id=ThreadId("t1"),
        since=NOW,
        before=before,
    ):
        yield store.records.search(C1, SearchQuery(**search))
    for since in (None, NOW):
        yield drained(store.records.all_heads(C1, since))
    yield store.records.prune(C1, SequenceNumber(7), 9, NOW)
    yield store.records.prune_deleted(C1, NOW, 9, NOW)
    yield store.records.purge(C1, 9)
    yield store.quarantine.list(C1, 9)


def own_models(store: Store) -> Iterator[Awaitable[Any]]:
    """Ask for what own syncs stored, in every way."""
    some = frozenset({LastAction.ADDED})
    for asked in mixed(after=SequenceNumber(5), actions=some, modified_after=NOW, ids=["a"]):
        yield store.model_records.page(C1, ModelQuery("Label", **asked))
    yield store.model_records.heads(C1, "Label", ["a"])
    yield store.model_records.of_sources(C1, "Label", [f"t{one}" for one in range(70)])
    yield drained(store.model_records.live(C1, "Label"))
    yield store.model_records.prune(C1, "Label", SequenceNumber(7), 9, NOW)
    yield store.model_records.prune_deleted(C1, NOW, 9, NOW)
    yield store.model_records.purge(C1, 9)
    yield store.model_records.list_poisoned(C1, "sync-labels", 9)
    yield store.model_syncs.of_connection(C1)
    yield store.model_syncs.due(NOW, 9)


def work(store: Store) -> Iterator[Awaitable[Any]]:
    """Ask for what is due, and all the rest."""
    for port in (store.sync_states, store.outbox, store.sends, store.bulk_sends, store.approvals):
        yield port.due(NOW, 9)
    yield store.mailboxes.renewable(NOW, 9)
    yield store.bulk_sends.list_unfinished(C1, 9)
    yield store.sends.list_traced(C1, ["a", "b"])
    yield store.retention.erase(C1, 9)
    yield store.api_keys.list(9)
    yield store.console_sessions.list(9)
    yield store.api_keys.children("k1", 9)
    yield store.webhook_endpoints.list()
    for after in (None, "projects/demo/databases/(default)/documents/grants/c1"):
        yield store.grants.walk(after, 9)


async def drained(found: AsyncIterator[Any]) -> None:
    async for _ in found:
        pass


async def asked_everything() -> tuple[set[Index], set[str]]:
    """Issue every query; answer the indexes they need and the functions that were called."""
    rpc, seen = Noting(), set[str]()
    store = store_over(rpc)
    with watched(seen.add):
        for ask in (listings, records, own_models, work):
            for answer in ask(store):
                await answer
    return rpc.indexes, seen


@contextmanager
def watched(told: Callable[[str], None]) -> Iterator[None]:
    """Tell the name of every function of ours that is called meanwhile."""

    def notice(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            told(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}")

    earlier = sys.getprofile()
    sys.setprofile(notice)
    try:
        yield
    finally:
        sys.setprofile(earlier)


def functions_that_query() -> set[str]:
    """Return every function of the store's modules that calls one of `QUERYING`."""
    found = set()
    for path in Path(adapters.__path__[0]).glob("firestore/*.py"):
        name = f"shared.adapters.firestore.{path.stem}"
        tree = ast.parse(inspect.getsource(import_module(name)))
        found |= {f"{name}.{one}" for one in querying(tree, "")}
    return found


def querying(tree: ast.AST, above: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from querying(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            called = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
            names = {getattr(one, "attr", getattr(one, "id", None)) for one in called}
            if names & QUERYING:
                yield above + node.name


async def test_every_query_has_its_index_and_every_index_its_query() -> None:
    needed, _ = await asked_everything()
    assert needed == {*COMPOSITE, *SINGLE_FIELD}


async def test_no_function_that_queries_is_left_out() -> None:
    _, called = await asked_everything()
    found = functions_that_query()
    assert len(found) > 20
    assert found <= called, sorted(found - called)
