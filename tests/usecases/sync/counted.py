"""What an operation costs: documents read and written, Gmail's calls and quota units.

Documents are counted as Firestore bills them: one read for each id asked for, there or not, and
one write for each document of a commit.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.telemetry.operations_log import BatchedOperations
from shared.ports.store import Store
from shared.ports.sync_store import Batch
from tests.harness.syncing import SyncHarness

COLLECTIONS = (
    "connections",
    "google_users",
    "mailboxes",
    "mailbox_names",
    "sync_states",
    "records",
    "quarantine",
    "outbox",
    "operations",
)


@dataclass(frozen=True)
class Cost:
    """What one operation took."""

    reads: Mapping[str, int]
    """Documents by collection."""
    writes: Mapping[str, int]
    calls: Mapping[str, int]
    """Gmail's methods, without their common prefix."""
    units: int


@dataclass
class Meter:
    """Counts what passes through a store."""

    reads: dict[str, int] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)

    def read(self, collection: str, count: int) -> None:
        """Count documents read."""
        if count:
            self.reads[collection] = self.reads.get(collection, 0) + count

    def wrote(self, collection: str, count: int) -> None:
        """Count documents written."""
        if count:
            self.writes[collection] = self.writes.get(collection, 0) + count

    def clear(self) -> None:
        """Start at nothing."""
        self.reads.clear()
        self.writes.clear()

    def committed(self, batch: Batch) -> None:
        """Count a commit of the sync: the state and everything beside it."""
        self.wrote("sync_states", 1)
        self.wrote("records", len(batch.put) + len(batch.heads))
        self.wrote("quarantine", len(batch.quarantine) + len(batch.released))
        self.wrote("outbox", batch.event is not None)


class MeteredRpc(FirestoreRpc):
    """A Firestore connection that counts the documents it asks for and sends."""

    def __init__(self, project: str) -> None:
        super().__init__(project)
        self.meter = Meter()

    async def get(
        self, names: Iterable[str], fields: Sequence[str] | None = None
    ) -> Mapping[str, Any]:
        """Count one read for each name."""
        wanted = list(names)
        for name in wanted:
            self.meter.read(_collection(name), 1)
        return await super().get(wanted, fields)

    async def commit(self, writes: Sequence[Any]) -> Sequence[Any]:
        """Count one write for each document."""
        for write in writes:
            self.meter.wrote(_collection(write.update.name or write.delete), 1)
        return await super().commit(writes)


def _collection(name: str) -> str:
    """Return the port that a document's full name belongs to."""
    collection = name.split("/")[-2]
    return {"sync": "sync_states", "events": "outbox"}.get(collection, collection)


class Counted:
    """A collection that is passed through and counted; what it does not know it refuses."""

    def __init__(self, name: str, inner: Any, meter: Meter) -> None:
        self._name, self._inner, self._meter = name, inner, meter

    def __getattr__(self, method: str) -> Callable[..., Any]:
        count = _COUNTS[method]

        def called(*args: Any, **options: Any) -> Any:
            answer = getattr(self._inner, method)(*args, **options)
            return count(self._meter, self._name, answer, args)

        return called


async def _gotten(meter: Meter, name: str, answer: Awaitable[Any], args: Sequence[Any]) -> Any:
    several = len(args) > 1 and isinstance(args[1], Sequence | AbstractSet | Mapping)
    meter.read(name, len(args[1]) if several and not isinstance(args[1], str) else 1)
    return await answer


async def _headed(meter: Meter, name: str, answer: Awaitable[Any], args: Sequence[Any]) -> Any:
    meter.read(name, len(args[1]))
    return await answer


async def _written(meter: Meter, name: str, answer: Awaitable[Any], args: Sequence[Any]) -> Any:
    meter.wrote(name, 1)
    return await answer


async def _committed(meter: Meter, _name: str, answer: Awaitable[Any], args: Sequence[Any]) -> Any:
    meter.committed(args[2])
    return await answer


async def _streamed(meter: Meter, name: str, answer: Any, args: Sequence[Any]) -> Any:
    async for batch in answer:
        meter.read(name, len(batch))
        yield batch


async def _paged(meter: Meter, name: str, answer: Awaitable[Any], _args: Sequence[Any]) -> Any:
    page = await answer
    meter.read(name, len(page.records))
    return page


_COUNTS: Mapping[str, Callable[..., Any]] = {
    "get": _gotten,
    "heads": _headed,
    "all_heads": _streamed,
    "page": _paged,
    "create": _written,
    "swap": _written,
    "append": _written,
    "note_push": _written,
    "commit": _committed,
}


def counted_store(store: Store, meter: Meter) -> Store:
    """Return the store with the sync's collections counted."""
    wrapped = {name: Counted(name, getattr(store, name), meter) for name in COLLECTIONS}
    return replace(store, **wrapped)  # type: ignore[arg-type]  # every port, counted


def as_in_a_function(store: Store, meter: Meter) -> Store:
    """Return a counted store whose log gathers, as the container's does."""
    counted = counted_store(store, meter)
    return replace(counted, operations=BatchedOperations(counted.operations))


async def cost(
    harness: SyncHarness, meter: Meter, operation: Callable[[], Awaitable[object]]
) -> Cost:
    """Run an operation and answer what it took."""
    meter.clear()
    harness.google.stats.reset()
    await operation()
    stats = harness.google.stats.as_json()
    calls = {
        name.removeprefix("gmail.users."): tally["calls"]
        for name, tally in stats["methods"].items()
    }
    return Cost(dict(meter.reads), dict(meter.writes), calls, stats["units"])
