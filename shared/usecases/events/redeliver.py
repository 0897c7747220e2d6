"""Send events out again: one by its id, or all that died since a moment."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from shared.domain.events.delivery import again
from shared.domain.events.event import Event, EventState
from shared.domain.ids import ConnectionId, EventId
from shared.errors import NotFoundError
from shared.ports.clock import Clock
from shared.ports.documents import update
from shared.ports.events import Outbox
from shared.ports.queue import QueueName
from shared.usecases.events.deliver_event import Announce

MOST = 1_000
"""Events that one call sends out again."""
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Redelivered:
    """How many were made due, and whether there may be more."""

    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Makes events due; who has one already is told again only where all have it."""

    outbox: Outbox
    announce: Announce
    clock: Clock

    async def __call__(self, id: EventId) -> Event:
        """Return the event as it is now. Raises NotFoundError, ConflictError."""
        now = self.clock.now()
        event = await update(
            self.outbox, id, lambda was: was if _on_its_way(was, now) else again(was, now)
        )
        if event is None:
            raise NotFoundError("No such event. GET /events lists yours.")
        if not _on_its_way(event, now):
            await self.announce(event, QueueName.RETRIES)
        return event

    async def since(
        self,
        since: datetime,
        *,
        until: datetime | None,
        state: EventState,
        connection_id: ConnectionId | None,
        seen: frozenset[ConnectionId] | None = None,
    ) -> Redelivered:
        """Redeliver what was created from `since` to `until` and is in `state`, newest first.

        `seen` limits it to connections the caller may see.
        """
        found = await self.outbox.list(
            state=state,
            connection_id=connection_id,
            limit=MOST,
            since=since,
            until=until,
            among=seen,
        )
        for start in range(0, len(found), AT_ONCE):
            await asyncio.gather(*(self(event.id) for event in found[start : start + AT_ONCE]))
        return Redelivered(len(found), more=len(found) == MOST)


def _on_its_way(event: Event, now: datetime) -> bool:
    claim = event.claimed_until
    return event.state is EventState.PENDING and claim is not None and claim > now
