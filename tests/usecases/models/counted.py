"""What own syncs cost: documents read and written, as Firestore bills them."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.ports.model_store import ModelBatch
from shared.ports.store import Store


@dataclass
class ModelMeter:
    """Counts what passes to the states and records of own syncs."""

    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Start at nothing."""
        self.reads.clear()
        self.writes.clear()


class CountedStates:
    """States: each `get` is a read; a commit writes the state and all of its batch."""

    def __init__(self, inner: Any, meter: ModelMeter) -> None:
        self._inner, self._meter = inner, meter

    def __getattr__(self, name: str) -> Any:
        if name in {"create", "swap"}:
            self._meter.writes["states"] += 1
        if name == "get":
            self._meter.reads["states"] += 1
        return getattr(self._inner, name)

    async def commit(self, was: Any, now: Any, batch: ModelBatch) -> Any:
        """Count each document of a commit."""
        writes = self._meter.writes
        writes["states"] += 1
        writes["records"] += len(batch.put) + len(batch.heads)
        writes["quarantine"] += len(batch.poisoned) + len(batch.released)
        writes["events"] += len(batch.events)
        return await self._inner.commit(was, now, batch)


class CountedRecords:
    """Records: each id asked for is a read, and each that a query finds."""

    def __init__(self, inner: Any, meter: ModelMeter) -> None:
        self._inner, self._meter = inner, meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def heads(self, connection_id: Any, model: str, ids: Any) -> Any:
        """Count every id."""
        asked = list(ids)
        self._meter.reads["records"] += len(asked)
        return await self._inner.heads(connection_id, model, asked)

    async def of_sources(self, connection_id: Any, model: str, sources: Any) -> Any:
        """Count what is found, one at least."""
        found = await self._inner.of_sources(connection_id, model, sources)
        self._meter.reads["records"] += max(1, len(found))
        return found

    async def live(self, connection_id: Any, model: str) -> AsyncIterator[Sequence[Any]]:
        """Count what is found."""
        async for heads in self._inner.live(connection_id, model):
            self._meter.reads["records"] += len(heads)
            yield heads


def with_models_counted(store: Store, meter: ModelMeter) -> Store:
    """Return the store with states and records of own syncs counted."""
    states: Any = CountedStates(store.model_syncs, meter)
    records: Any = CountedRecords(store.model_records, meter)
    return replace(store, model_syncs=states, model_records=records)
