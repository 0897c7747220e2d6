"""The receipt of a disconnect, written as its steps are done (API 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.connect.receipt import KEPT, DeletionReceipt
from shared.domain.ids import ConnectionId
from shared.ports.clock import Clock
from shared.ports.connections import Receipts
from shared.ports.documents import until_written


@dataclass(frozen=True, slots=True)
class DeletionReceipts:
    """Receipts by connection id; running a disconnect again goes on with the same one.

    An id that was connected again since has a new receipt: `accepted_at` tells them apart. It is
    None where the connection has gone and only the rest is left to do.
    """

    receipts: Receipts
    clock: Clock

    async def note(
        self,
        connection_id: ConnectionId,
        accepted_at: datetime | None,
        *,
        steps: Mapping[str, str] | None = None,
        deleted: int = 0,
        finished: bool = False,
    ) -> None:
        """Write outcomes of steps, add to the count, mark it finished. Raises TransientError."""

        async def attempt() -> None:
            known = await self.receipts.get(connection_id)
            fresh = self._new(connection_id, accepted_at or self.clock.now())
            was = known or await self.receipts.create(fresh)
            now = was.value
            if accepted_at is not None and _of_a_former_life(now, accepted_at):
                now = self._new(connection_id, accepted_at)
            for name, outcome in (steps or {}).items():
                now = now.with_step(name, outcome)
            ended = now.finished_at or (self.clock.now() if finished else None)
            now = replace(now, records_deleted=now.records_deleted + deleted, finished_at=ended)
            await self.receipts.swap(was, now)

        await until_written(attempt)

    def _new(self, connection_id: ConnectionId, accepted_at: datetime) -> DeletionReceipt:
        return DeletionReceipt(connection_id, accepted_at, self.clock.now() + KEPT)


def _of_a_former_life(receipt: DeletionReceipt, accepted_at: datetime) -> bool:
    return receipt.finished_at is not None and receipt.accepted_at < accepted_at
