"""Remove what is over: expired documents, and what tombstones still hold of deleted mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from shared.domain.connect.connection import Connection
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.documents import Versioned, walk_until
from shared.ports.model_store import ModelRecords
from shared.ports.store import Retention
from shared.ports.sync_store import Records
from shared.usecases.sync.models.adopt import OwnSyncsServed

PORTION = 400
PORTIONS = 25
"""Most portions of one connection in a run: one mailbox must not keep the others waiting."""
BUDGET = timedelta(minutes=4)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many connections were looked at and payloads emptied.

    `complete` False means that time ran out, or one mailbox had more than its share: run again.
    """

    connections: int = 0
    emptied: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class PruneDeleted:
    """Walk all connections; a tombstone that is empty already costs nothing to pass over."""

    connections: Connections
    records: Records
    retention: Retention
    clock: Clock
    models: ModelRecords
    own_syncs: OwnSyncsServed = field(default_factory=OwnSyncsServed)

    async def __call__(self, budget: timedelta = BUDGET) -> Pruned:
        """Raise StoreUnavailableError: what was done stays done."""
        deadline = self.clock.now() + budget
        while await self.retention.sweep(PORTION) == PORTION and self.clock.now() < deadline:
            pass
        total, complete = await walk_until(
            deadline, self.clock, self.connections, self._one, Pruned()
        )
        return replace(total, complete=total.complete and complete)

    async def _one(self, page: Sequence[Versioned[Connection]], total: Pruned) -> Pruned:
        connection = page[0].value
        now, more = self.clock.now(), True
        total = replace(total, connections=total.connections + 1)
        for stored in (self.records, self.models) if self.own_syncs.anywhere else (self.records,):
            for _ in range(PORTIONS):
                count, more = await stored.prune_deleted(
                    connection.id, now - connection.retention, PORTION, now
                )
                total = replace(total, emptied=total.emptied + count)
                if not more:
                    break
            total = replace(total, complete=total.complete and not more)
        return total
