"""What one commit of an own sync changes: rows compared with what is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.ids import SequenceNumber
from shared.domain.models.record import ModelHead, ModelRecord, Poisoned, Saved
from shared.domain.models.state import ModelSyncState
from shared.domain.sync.records.record import EndReason, LastAction
from shared.domain.sync.state import Tally
from shared.ports.model_store import ModelBatch
from shared.ports.sync_store import COMMIT_BYTES, COMMIT_WRITES

ROOM = 30
"""Documents of a commit that are no records: the state, events, quarantine."""


@dataclass(slots=True)
class ModelChanges:
    """Records and tombstones of one commit; sequence numbers come with `batch`."""

    now: datetime
    put: list[ModelRecord] = field(default_factory=list)
    heads: list[ModelHead] = field(default_factory=list)
    poisoned: list[Poisoned] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        """Whether another record might not fit."""
        size = sum(len(one.payload) for one in self.put)
        writes = len(self.put) + len(self.heads) + len(self.poisoned) + len(self.released)
        return writes >= COMMIT_WRITES - ROOM or size >= COMMIT_BYTES - 900 * 1024

    @property
    def tally(self) -> Tally:
        """What happened to records of every model."""
        return sum(self.tallies.values(), Tally())

    def save(self, saved: Saved, known: ModelHead | None) -> None:
        """Add a row; one that is stored like this already keeps its number."""
        live = known is not None and known.live
        if known is not None and live and known.hash == saved.hash:
            if known.source != saved.source:
                self.heads.append(replace(known, source=saved.source))
            return
        head = ModelHead(
            saved.model,
            saved.id,
            saved.hash,
            SequenceNumber(0),
            first_seen_at=known.first_seen_at if known else self.now,
            last_modified_at=self.now,
            last_action=LastAction.UPDATED if live else LastAction.ADDED,
            source=saved.source,
        )
        self.put.append(ModelRecord(head, saved.payload))
        self._count(saved.model, Tally(updated=1) if live else Tally(added=1))

    def end(self, known: ModelHead | None, reason: EndReason = EndReason.DELETED) -> None:
        """Make a tombstone; of what is not live there is nothing to end."""
        if known is not None and known.live:
            self.heads.append(known.tombstone(self.now, reason))
            self._count(known.model, Tally(deleted=1))

    def merge(self, wanted: Iterable[Saved], known: Mapping[tuple[str, str], ModelHead]) -> None:
        """Add rows, each compared with the head of its key."""
        for saved in wanted:
            self.save(saved, known.get(saved.key))

    def applied_to(self, state: ModelSyncState) -> ModelSyncState:
        """Return the state's counters after this commit."""
        for model, tally in self.tallies.items():
            counts = state.of(model)
            live = counts.live + tally.added - tally.deleted
            state = state.with_model(model, replace(counts, live=live, last=counts.last + tally))
        number = SequenceNumber(state.sequence + self._numbered)
        return replace(state, sequence=number)

    @property
    def _numbered(self) -> int:
        return len(self.put) + len(self.heads)

    def batch(self, first: SequenceNumber) -> ModelBatch:
        """Return the writes, numbered from the one after `first`."""
        numbers = iter(range(first + 1, first + 1 + self._numbered))
        put = [
            replace(one, head=replace(one.head, sequence=SequenceNumber(next(numbers))))
            for one in self.put
        ]
        heads = [replace(one, sequence=SequenceNumber(next(numbers))) for one in self.heads]
        return ModelBatch(put, heads, tuple(self.poisoned), tuple(self.released))

    def _count(self, model: str, tally: Tally) -> None:
        self.tallies[model] = self.tallies.get(model, Tally()) + tally
