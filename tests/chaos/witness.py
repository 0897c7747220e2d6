"""A witness between the sync and its store: sees every write that became durable, and loses some.

It holds each write to what may never be broken, whatever happened before: the checkpoint and the
sequence only grow, numbers are given once, records are written only under a living claim.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.ids import ConnectionId
from shared.domain.sync.records.record import LastAction, Origin
from shared.domain.sync.state import SyncState, Tally
from shared.errors import StoreUnavailableError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned
from shared.ports.sync_store import Batch, Records, SyncStates

Trouble = Callable[[str], str | None]
"""Asked at each write by its name: None, "request" (not written) or "answer" (written)."""


def no_trouble(_write: str) -> str | None:
    """Lose nothing."""
    return None


@dataclass
class WitnessedStates:
    """The SyncStates port, watched."""

    states: SyncStates
    records: Records
    clock: Clock
    trouble: Trouble = no_trouble
    told: Tally = field(default_factory=Tally)
    """Changes in commits that carried an event for them."""
    untold: int = 0
    """Records that a backfill stored without an event of their own."""
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    async def get(self, id: str) -> Versioned[SyncState] | None:
        """Read; an answer may be lost."""
        if self._strikes("get"):
            raise StoreUnavailableError("The answer was lost.")
        return await self.states.get(id)

    async def create(self, value: SyncState) -> Versioned[SyncState]:
        """Create."""
        return await self.states.create(value)

    async def swap(self, was: Versioned[SyncState], now: SyncState) -> Versioned[SyncState]:
        """Swap without records: taking the lease, a hint, a wish of the product."""
        lost = self._strikes("swap")
        if lost == "request":
            raise StoreUnavailableError("The request was lost.")
        self._look(was.value, now, Batch())
        swapped = await self.states.swap(was, now)
        self.counts["swaps"] += 1
        if lost:
            raise StoreUnavailableError("The answer was lost.")
        return swapped

    async def delete(self, was: Versioned[SyncState]) -> bool:
        """Delete."""
        return await self.states.delete(was)

    async def commit(
        self, was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        """Commit records and state."""
        lost = self._strikes("commit")
        if lost == "request":
            raise StoreUnavailableError("The request was lost.")
        news = await self._news(now.connection_id, batch)
        committed = await self.states.commit(was, now, batch)
        self._look(was.value, now, batch)
        self._account(batch, news)
        self.counts["commits"] += 1
        if lost:
            raise StoreUnavailableError("The answer was lost.")
        return committed

    async def due(self, now: datetime, limit: int) -> Sequence[ConnectionId]:
        """Return what is due."""
        return await self.states.due(now, limit)

    def _strikes(self, write: str) -> str | None:
        lost = self.trouble(write)
        if lost:
            self.counts[f"lost {write} {lost}"] += 1
        return lost

    def _look(self, was: SyncState, now: SyncState, batch: Batch) -> None:
        """Note what must never happen."""
        if (now.checkpoint or 0) < (was.checkpoint or 0):
            self.broken.append(f"checkpoint moved back: {was.checkpoint} -> {now.checkpoint}")
        heads = [*(record.head for record in batch.put), *batch.heads]
        given = sorted(head.sequence for head in heads)
        if given != list(range(was.sequence + 1, was.sequence + 1 + len(heads))):
            self.broken.append(f"numbers {given} after {was.sequence}")
        if now.sequence != was.sequence + len(heads):
            self.broken.append(
                f"sequence {was.sequence} -> {now.sequence} for {len(heads)} records"
            )
        if len({head.message_id for head in heads}) != len(heads):
            self.broken.append("one record twice in a commit")
        if (batch.put or batch.quarantine) and was.lease is None:
            self.broken.append("mail was fetched without a lease")

    async def _news(self, connection_id: ConnectionId, batch: Batch) -> Tally:
        ids = [record.head.message_id for record in batch.put]
        known = await self.records.heads(connection_id, ids) if ids else {}
        live = sum(head.live for head in known.values())
        deleted = sum(head.last_action is LastAction.DELETED for head in batch.heads)
        return Tally(len(ids) - live, len(batch.heads) - deleted, deleted)

    def _account(self, batch: Batch, news: Tally) -> None:
        event = batch.event
        if event is not None and (batch.put or batch.heads):
            self.told += news
        elif event is None and news.total:
            self.untold += news.added
            if news.updated or news.deleted:
                self.broken.append(f"{news} without an event")
            if any(record.head.origin is not Origin.BACKFILL for record in batch.put):
                self.broken.append("a live record without an event")
