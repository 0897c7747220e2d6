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

Row = tuple[Saved, ModelHead | None]
"""A row with the head of the record under its key, if there is one."""

ADDED, UPDATED, DELETED = Tally(added=1), Tally(updated=1), Tally(deleted=1)
ROOM = 30
"""Documents of a commit that are no records: the state, events, quarantine."""


@dataclass(slots=True)
class ModelChanges:
    """Records and tombstones of one commit; sequence numbers come with `batch`."""

    now: datetime
    put: list[Row] = field(default_factory=list)
    heads: list[ModelHead] = field(default_factory=list)
    poisoned: list[Poisoned] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    waiting: list[Row] = field(default_factory=list)
    """Rows to compare before the commit, with what is known of them so far."""
    size: int = 0
    """Payload bytes, of rows that wait also."""

    @property
    def full(self) -> bool:
        """Whether another record might not fit."""
        writes = len(self.put) + len(self.heads) + len(self.poisoned) + len(self.released)
        writes += len(self.waiting)
        return writes >= COMMIT_WRITES - ROOM or self.size >= COMMIT_BYTES - 900 * 1024

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
        self.put.append((saved, known))
        self.size += len(saved.payload)
        self._count(saved.model, UPDATED if live else ADDED)

    def end(self, known: ModelHead | None, reason: EndReason = EndReason.DELETED) -> None:
        """Make a tombstone; of what is not live there is nothing to end."""
        if known is not None and known.live:
            self.heads.append(known.tombstone(self.now, reason))
            self._count(known.model, DELETED)

    def wait(self, rows: Iterable[Row]) -> None:
        """Add rows whose heads are not all known yet."""
        for row in rows:
            self.waiting.append(row)
            self.size += len(row[0].payload)

    @property
    def unknown(self) -> list[str]:
        """The ids of rows that wait for a head."""
        return [saved.id for saved, known in self.waiting if known is None]

    def merge(self, heads: Mapping[str, ModelHead]) -> None:
        """Save the rows that wait, by the heads of those that were unknown."""
        rows, self.waiting = self.waiting, []
        for saved, known in rows:
            self.size -= len(saved.payload)
            self.save(saved, known or heads.get(saved.id))

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
        put = [
            ModelRecord(self._head(saved, known, number), saved.payload)
            for number, (saved, known) in enumerate(self.put, first + 1)
        ]
        heads = [
            replace(one, sequence=SequenceNumber(number))
            for number, one in enumerate(self.heads, first + 1 + len(put))
        ]
        return ModelBatch(put, heads, tuple(self.poisoned), tuple(self.released))

    def _head(self, saved: Saved, known: ModelHead | None, number: int) -> ModelHead:
        live = known is not None and known.live
        return ModelHead(
            saved.model,
            saved.id,
            saved.hash,
            SequenceNumber(number),
            first_seen_at=known.first_seen_at if known else self.now,
            last_modified_at=self.now,
            last_action=LastAction.UPDATED if live else LastAction.ADDED,
            source=saved.source,
        )

    def _count(self, model: str, tally: Tally) -> None:
        self.tallies[model] = self.tallies.get(model, Tally()) + tally
