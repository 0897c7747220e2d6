"""The receipt of a disconnect, written as it goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.ids import ConnectionId
from shared.domain.receipt import KEPT, DeletionReceipt
from shared.errors import AlreadyExistsError, ConflictError
from shared.ports.clock import Clock
from shared.ports.connections import Receipts
from shared.ports.versioned import Versioned


@dataclass(frozen=True, slots=True)
class ReceiptBook:
    """Receipts by connection id; running a disconnect again goes on with the same one."""

    receipts: Receipts
    clock: Clock

    async def note(
        self,
        connection_id: ConnectionId,
        accepted_at: datetime,
        *,
        steps: Mapping[str, str] | None = None,
        deleted: int = 0,
        finished: bool = False,
    ) -> None:
        """Write outcomes of steps, add to the count, mark it finished. Raises TransientError."""
        while True:
            was = await self._open(connection_id, accepted_at)
            now = was.value
            for name, outcome in (steps or {}).items():
                now = now.with_step(name, outcome)
            ended = now.finished_at or (self.clock.now() if finished else None)
            now = replace(now, records_deleted=now.records_deleted + deleted, finished_at=ended)
            try:
                await self.receipts.swap(was, now)
            except ConflictError:
                continue
            return

    async def _open(
        self, connection_id: ConnectionId, accepted_at: datetime
    ) -> Versioned[DeletionReceipt]:
        while (found := await self.receipts.get(connection_id)) is None:
            expires_at = self.clock.now() + KEPT
            try:
                return await self.receipts.create(
                    DeletionReceipt(connection_id, accepted_at, expires_at)
                )
            except AlreadyExistsError:
                continue
        return found
