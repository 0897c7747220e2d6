"""The operations log of one instance: ordinary entries wait for company, and are written as one.

A sync or a delivery that went well is the commonest entry by far and the least urgent: what it
changed is in the records, the sync state and the event already. So it waits for up to GATHERED
others or GATHERED_FOR, whichever is first; anything else is written at once. An instance that is
killed meanwhile loses what waits, which shared/ports/events.py allows.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.ids import ConnectionId
from shared.domain.operation import Operation, OperationState, OperationType
from shared.errors import TransientError
from shared.ports.events import Operations

GATHERED = 25
"""Most entries one write holds: an entry has about 1 kB, a document up to 1 MiB (FACTS 9.3)."""
GATHERED_FOR = timedelta(seconds=5)
GATHERED_TYPES = frozenset({OperationType.SYNC, OperationType.DELIVERY})


@dataclass
class BatchedOperations:
    """Operations port over another one. `close` writes what still waits."""

    kept: Operations
    record_operation: Callable[[Operation], None] | None = None
    """Hears of each entry at once, in the context of the work that it describes."""
    _waiting: list[Operation] = field(default_factory=list)
    _timer: asyncio.TimerHandle | None = None
    _writing: set[asyncio.Task[None]] = field(default_factory=set)

    async def append(self, *operations: Operation) -> None:
        """Write entries, or keep them for a moment."""
        if self.record_operation is not None:
            for operation in operations:
                self.record_operation(operation)
        self._waiting.extend(operations)
        if len(self._waiting) >= GATHERED or not all(map(_can_wait, operations)):
            await self.flush()
        elif self._timer is None:
            seconds = GATHERED_FOR.total_seconds()
            self._timer = asyncio.get_running_loop().call_later(seconds, self._flush_aside)

    async def list(
        self,
        *,
        connection_id: ConnectionId | None,
        type: OperationType | None,
        state: OperationState | None,
        limit: int,
        among: Collection[ConnectionId] | None = None,
    ) -> Sequence[Operation]:
        """Return entries, newest first, those that wait here too. Raises StoreUnavailableError."""
        await self.flush()
        return await self.kept.list(
            connection_id=connection_id, type=type, state=state, limit=limit, among=among
        )

    async def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if waiting:
            await self.kept.append(*waiting)

    async def close(self) -> None:
        """Write what waits, and wait for what is being written."""
        await self.flush()
        await asyncio.gather(*self._writing)

    def _flush_aside(self) -> None:
        task = asyncio.ensure_future(self.flush())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


def _can_wait(operation: Operation) -> bool:
    return operation.type in GATHERED_TYPES and operation.state is OperationState.OK


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BestEffortOperations:
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
        """Return entries, newest first. Raises StoreUnavailableError."""
        return await self.kept.list(
            connection_id=connection_id, type=type, state=state, limit=limit, among=among
        )
