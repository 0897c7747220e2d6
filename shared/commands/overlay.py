"""A store in memory over the deployment's own: a run reads both and writes to memory alone."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.domain.ids import ConnectionId
from shared.domain.models.record import ModelHead, ModelRecord, Poisoned
from shared.domain.models.state import ModelSyncState
from shared.domain.sync.record import LastAction
from shared.ports.documents import Versioned
from shared.ports.model_store import ModelBatch, ModelRecords, ModelSyncs


@dataclass(frozen=True, slots=True)
class SeenCommit:
    """What a commit would have written: each record with what is stored under its id."""

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
    own: ModelRecords
    released: set[str] = field(default_factory=set)

    async def heads(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelHead]:
        """Return the heads, the run's own before the stored ones."""
        asked = list(ids)
        stored = await self.real.heads(connection_id, model, asked)
        return {**stored, **await self.own.heads(connection_id, model, asked)}

    async def get(
        self, connection_id: ConnectionId, model: str, ids: Iterable[str]
    ) -> Mapping[str, ModelRecord]:
        """Return the records, the run's own before the stored ones."""
        asked = list(ids)
        stored = await self.real.get(connection_id, model, asked)
        return {**stored, **await self.own.get(connection_id, model, asked)}

    async def of_sources(
        self, connection_id: ConnectionId, model: str, sources: Iterable[str]
    ) -> Sequence[ModelHead]:
        """Return the heads of these sources, without what the run moved or wrote anew."""
        asked = list(sources)
        stored = await self.real.of_sources(connection_id, model, asked)
        made = await self.own.of_sources(connection_id, model, asked)
        return [*await self._untouched(connection_id, model, stored), *made]

    async def live(
        self, connection_id: ConnectionId, model: str
    ) -> AsyncIterator[Sequence[ModelHead]]:
        """Stream the live heads: the stored ones it did not touch, then its own."""
        async for stored in self.real.live(connection_id, model):
            yield await self._untouched(connection_id, model, stored)
        async for made in self.own.live(connection_id, model):
            yield made

    async def poisoned(
        self, connection_id: ConnectionId, sync: str, limit: int
    ) -> Sequence[Poisoned]:
        """Return the quarantine as the run leaves it."""
        stored = await self.real.poisoned(connection_id, sync, limit)
        made = await self.own.poisoned(connection_id, sync, limit)
        by_key = {one.key: one for one in (*stored, *made) if one.key not in self.released}
        return sorted(by_key.values(), key=lambda one: one.retry_at)[:limit]

    async def _untouched(
        self, connection_id: ConnectionId, model: str, stored: Sequence[ModelHead]
    ) -> list[ModelHead]:
        made = await self.own.heads(connection_id, model, [head.id for head in stored])
        return [head for head in stored if head.id not in made]


@dataclass
class ShownCommits:
    """States in memory; each commit is told with what it would have changed."""

    own: ModelSyncs
    records: OverRecords
    tell: Callable[[SeenCommit], None]

    async def get(self, id: str) -> Versioned[ModelSyncState] | None:
        """Read the copy."""
        return await self.own.get(id)

    async def create(self, value: ModelSyncState) -> Versioned[ModelSyncState]:
        """Write to the copy."""
        return await self.own.create(value)

    async def swap(
        self, was: Versioned[ModelSyncState], now: ModelSyncState
    ) -> Versioned[ModelSyncState]:
        """Write to the copy."""
        return await self.own.swap(was, now)

    async def delete(self, was: Versioned[ModelSyncState]) -> bool:
        """Delete the copy."""
        return await self.own.delete(was)

    async def commit(
        self, was: Versioned[ModelSyncState], now: ModelSyncState, batch: ModelBatch
    ) -> Versioned[ModelSyncState]:
        """Write to memory, and tell."""
        heads = [*(record.head for record in batch.put), *batch.heads]
        stored = await self._stored(now.connection_id, heads)
        saved = [(record, _live(stored.get(_key(record.head)))) for record in batch.put]
        ended = [head for head in batch.heads if head.last_action is LastAction.DELETED]
        # Of a head alone, the memory may have no record yet.
        copied = [replace(stored[_key(head)], head=head) for head in batch.heads]
        whole = replace(batch, put=[*batch.put, *copied], heads=())
        written = await self.own.commit(was, now, whole)
        self.records.released |= {*batch.released}
        self.records.released -= {one.key for one in batch.poisoned}
        seen = SeenCommit(saved, ended, batch.poisoned, was.value, now)
        if seen.tells:
            self.tell(seen)
        return written

    async def _stored(
        self, connection_id: ConnectionId, heads: Sequence[ModelHead]
    ) -> Mapping[tuple[str, str], ModelRecord]:
        found: dict[tuple[str, str], ModelRecord] = {}
        for model in {head.model for head in heads}:
            ids = [head.id for head in heads if head.model == model]
            records = await self.records.get(connection_id, model, ids)
            found |= {(model, id): record for id, record in records.items()}
        return found


def _key(head: ModelHead) -> tuple[str, str]:
    return head.model, head.id


def _live(record: ModelRecord | None) -> ModelRecord | None:
    return record if record is not None and record.head.live else None
