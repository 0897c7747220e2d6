"""The operations log, whose loss never fails the work it describes (shared/ports/outbox.py)."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.domain.ids import ConnectionId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.errors import TransientError
from shared.ports.outbox import Operations

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ForgivingOperations:
    """Operations port over another one; an entry that cannot be written is named in the logs."""

    kept: Operations

    async def append(self, *operations: Operation) -> None:
        """Write entries, or say in the logs that they are missing."""
        try:
            await self.kept.append(*operations)
        except TransientError as error:
            for one in operations:
                extra = {"connection": one.connection_id, "operation": one.name}
                log.warning("operation not logged", extra={**extra, "code": error.code})

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        type: OperationType | None,
        state: OperationState | None,
        limit: int,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Operation]:
        """Answer entries, newest first. Raises StoreUnavailableError."""
        return await self.kept.list(
            connection_id=connection_id, type=type, state=state, limit=limit, among=among
        )
