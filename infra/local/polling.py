"""Asking in place of push: every mailbox's history, at an interval, where Pub/Sub cannot reach."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from shared.adapters.system_clock import AdjustableClock
from shared.domain.connect.connection import ConnectionStatus
from shared.errors import PostroomError, UnknownConnectionError
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.container import Container
from shared.usecases.sync.control import ControlSync

log = logging.getLogger(__name__)
MOST = 100
"""Connections that are asked, the newest: a laptop has few."""


@dataclass(frozen=True, slots=True)
class Polling:
    """Has the history of every active connection read, at 2 quota units each (FACTS 1.3)."""

    container: Container
    clock: AdjustableClock
    every: timedelta

    async def run(self) -> None:
        """Look now and then at every interval, until cancelled; a look that fails is repeated."""
        while True:
            try:
                await self.look()
            except PostroomError as error:
                log.warning("poll failed", extra={"code": error.code})
            await self.clock.sleep(self.every)

    async def look(self) -> None:
        """Want a look at each. Raises StoreUnavailableError, QueueUnavailableError."""
        active = ConnectionQuery(status=ConnectionStatus.ACTIVE, limit=MOST)
        for connection in await self.container.use(Connections).find(active):
            with suppress(UnknownConnectionError):  # disconnected meanwhile
                await self.container.use(ControlSync).trigger(connection.id)
