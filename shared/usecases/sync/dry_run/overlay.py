"""What a dry run writes, in memory, over what is stored: it reads both."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.domain.ids import ConnectionId
from shared.domain.models.record import ModelHead, ModelRecord, Poisoned
from shared.domain.models.state import ModelSyncState
from shared.domain.sync.records.record import LastAction
from shared.errors import ConflictError
from shared.ports.documents import Versioned
from shared.ports.model_store import ModelBatch, ModelRecords

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SeenCommit:
    """What a commit would have written: each record with the live one under its id."""

    saved: Sequence[tuple[ModelRecord, ModelRecord | None]]
    ended: Sequence[ModelHead]
    poisoned: Sequence[Poisoned]
    before: ModelSyncState
    after: ModelSyncState

    @property
    def tells(self) -> bool:
        """Whether it is more than a lease or a date."""
        moved = self.before.checkpoint != self.after.checkpoint
        followed = self.before.after != self.after.after
        return bool(self.saved or self.ended or self.poisoned) or moved or followed


@dataclass
class OverRecords:
    """Records as a run reads them: what it wrote itself before what is stored."""

    real: ModelRecords
    made: dict[Key, ModelRecord] = field(default_factory=dict)
    aside: dict[str, Poisoned] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)

    def write(self, batch: ModelBatch, copied: Iterable[ModelRecord]) -> None:
        """Keep what a commit writes; `copied` are the records of heads it rewrites."""
        self.made |= {_key(one.head): one for one in (*batch.put, *copied)}
        self.released |= {*batch.released}
        self.released -= {one.key for one in batch.poisoned}
        self.aside |= {one.key: one for one in batch.poisoned}

    async def heads(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelHead]:
        """Return the heads, the run's own before the stored ones."""
        asked = list(ids)
        stored = await self.real.heads(connection_id, model, asked)
        return {**stored, **{id: one.head for id, one in self._own(model, asked).items()}}

    async def get(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelRecord]:
        """Return the records, the run's own before the stored ones."""
        asked = list(ids)
        return {**await self.real.get(connection_id, model, asked), **self._own(model, asked)}

    async def of_sources(
        self, connection_id: ConnectionId, model: str, sources: Iterable[str]
    ) -> Sequence[ModelHead]:
        """Return the heads of these sources, without what the run moved to another."""
        asked = list(sources)
        stored = self._untouched_heads(await self.real.of_sources(connection_id, model, asked))
        return [*stored, *(one for one in self._heads(model) if one.source in {*asked})]

    async def live(
        self, connection_id: ConnectionId, model: str
    ) -> AsyncIterator[Sequence[ModelHead]]:
        """Stream the live heads: the stored ones that the run did not touch, then its own."""
        async for stored in self.real.live(connection_id, model):
            yield self._untouched_heads(stored)
        yield [head for head in self._heads(model) if head.live]

    async def list_poisoned(
        self, connection_id: ConnectionId, sync: str, limit: int
    ) -> Sequence[Poisoned]:
        """Return the quarantine as the run leaves it."""
        stored = await self.real.list_poisoned(connection_id, sync, limit)
        by_key = {**{one.key: one for one in stored}, **self.aside}
        left = (one for key, one in by_key.items() if key not in self.released)
        return sorted(left, key=lambda one: one.retry_at)[:limit]

    def _own(self, model: str, ids: Iterable[str]) -> Mapping[str, ModelRecord]:
        return {id: self.made[model, id] for id in ids if (model, id) in self.made}

    def _heads(self, model: str) -> Sequence[ModelHead]:
        return [one.head for one in self.made.values() if one.head.model == model]

    def _untouched_heads(self, stored: Sequence[ModelHead]) -> list[ModelHead]:
        return [head for head in stored if _key(head) not in self.made]


@dataclass
class OverState:
    """The state of the sync alone; each commit is told with what it would change."""

    state: Versioned[ModelSyncState]
    records: OverRecords
    tell: Callable[[SeenCommit], None]

    async def get(self, id: str) -> Versioned[ModelSyncState] | None:
        """Read the copy."""
        return self.state if id == self.state.value.id else None

    async def swap(
        self, was: Versioned[ModelSyncState], now: ModelSyncState
    ) -> Versioned[ModelSyncState]:
        """Write to the copy. Raises ConflictError."""
        if was.version != self.state.version:
            raise ConflictError("The state was written meanwhile.")
        self.state = Versioned(now, str(int(was.version) + 1))
        return self.state

    async def commit(
        self, was: Versioned[ModelSyncState], now: ModelSyncState, batch: ModelBatch
    ) -> Versioned[ModelSyncState]:
        """Write to memory, and tell. Raises ConflictError."""
        heads = [*(record.head for record in batch.put), *batch.heads]
        stored = await self._store(now.connection_id, heads)
        saved = [(record, _live(stored.get(_key(record.head)))) for record in batch.put]
        ended = [head for head in batch.heads if head.last_action is LastAction.DELETED]
        written = await self.swap(was, now)
        self.records.write(batch, [replace(stored[_key(one)], head=one) for one in batch.heads])
        seen = SeenCommit(saved, ended, batch.poisoned, was.value, now)
        if seen.tells:
            self.tell(seen)
        return written

    async def _store(
        self, connection_id: ConnectionId, heads: Sequence[ModelHead]
    ) -> Mapping[Key, ModelRecord]:
        found: dict[Key, ModelRecord] = {}
        for model in {head.model for head in heads}:
            ids = [head.id for head in heads if head.model == model]
            records = await self.records.get(connection_id, model, ids)
            found |= {(model, id): record for id, record in records.items()}
        return found


def _key(head: ModelHead) -> Key:
    return head.model, head.id


def _live(record: ModelRecord | None) -> ModelRecord | None:
    return record if record is not None and record.head.live else None
