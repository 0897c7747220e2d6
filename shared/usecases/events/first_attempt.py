"""The first attempt at an event, within the request that commits it.

The commit claims the event, so no other worker tries it; whatever dies before the outcome is
stored leaves it to the claim's end. What a deliverer's task obeys holds here too: the same places
for each receiver, the same pauses, the same addresses that may be asked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from shared.domain.bounded import BoundedMap
from shared.domain.connect.connection import Connection
from shared.domain.events.delivery import Attempted, Failure, claim, settle
from shared.domain.events.event import DeliveryState, Event
from shared.domain.ids import ConnectionId, EventId
from shared.errors import PostroomError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned
from shared.ports.events import MOST_CLAIMED, Claimed
from shared.ports.sinks import OutgoingEvent, Receiver, WebhookSink
from shared.usecases.events.attempt import Attempts, Taken
from shared.usecases.events.places import MOST_KNOWN
from shared.usecases.events.receivers import Present, Receivers

log = logging.getLogger(__name__)
T = TypeVar("T")
LONGEST_WAIT: Final = timedelta(seconds=2)
LEFT_ALONE: Final = timedelta(minutes=15)
"""How long a receiver that took longer is left to the queue: it may have got the event twice."""
WEBHOOKS: Final = frozenset({"http", "https"})
OUT_OF_TIME: Final = Attempted(Failure.BUSY, retry_after=timedelta(0))
"""It has a right to more time: it is asked again at once, by a task."""


@dataclass(frozen=True)
class TryAtOnce:
    """Claims events for this process and tries them: webhooks only, which need no other right."""

    attempts: Attempts
    receivers: Receivers
    claimed: Claimed
    sink: WebhookSink
    clock: Clock
    _present: BoundedMap[EventId, Mapping[str, Present]] = field(
        default_factory=lambda: BoundedMap(MOST_CLAIMED)
    )
    _expected: BoundedMap[ConnectionId, Versioned[Connection]] = field(
        default_factory=lambda: BoundedMap(MOST_CLAIMED)
    )
    _slow: BoundedMap[str, datetime] = field(default_factory=lambda: BoundedMap(MOST_KNOWN))

    async def beside(self, connection_id: ConnectionId, work: Awaitable[T]) -> T:
        """Read the connection, which may name a receiver, in the calls that the work makes."""
        ended, _ = await asyncio.gather(work, self._look_up(connection_id), return_exceptions=True)
        if isinstance(ended, BaseException):
            raise ended
        return ended

    async def _look_up(self, connection_id: ConnectionId) -> None:
        self._expected.pop(connection_id, None)
        with suppress(PostroomError):
            if found := await self.receivers.connections.get(connection_id):
                self._expected[connection_id] = found

    async def claim(self, event: Event) -> Event:
        """Return it claimed, or settled where none wants it, or as it is for a task."""
        connection = self._expected.pop(event.connection_id, None)
        try:
            present = await self.receivers.of(event, connection)
        except PostroomError:
            return event
        now = self.clock.now()
        if not present:
            return settle(event, {}, now)
        if not all(self._is_quick(one.receiver, now) for one in present.values()):
            return event
        untold = self.attempts.without_attempt(event, present, now).values()
        if any(one.state is DeliveryState.WAITING for one in untold):
            return event  # later news joins it meanwhile
        self._present[event.id] = present
        return claim(event, now)

    async def __call__(self, ids: Sequence[EventId]) -> None:
        """Try each that this process claimed; a failure is left to the claim's end."""
        for id in ids:
            present, stored = self._present.pop(id, None), self.claimed.take(id)
            if present is None or stored is None:
                continue
            try:
                await self._try(stored, present)
            except PostroomError as error:
                log.warning("first attempt left to the queue: %s", error.code, extra={"event": id})

    async def _try(self, stored: Versioned[Event], present: Mapping[str, Present]) -> None:
        began = self.clock.now()
        seats = self.attempts.seat(stored.value, present, began)
        if not seats.due:
            await self.attempts.settle(stored, seats.untold, began)
            return
        await self.attempts.make(Taken(stored, seats), lambda _: self._tell)

    async def _tell(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        """Ask the receiver for as long as the request may wait."""
        try:
            async with asyncio.timeout(LONGEST_WAIT.total_seconds()):
                return await self.sink(receiver, outgoing)
        except TimeoutError:
            self._slow[receiver.address] = self.clock.now() + LEFT_ALONE
            return OUT_OF_TIME

    def _is_quick(self, receiver: Receiver, now: datetime) -> bool:
        until = self._slow.get(receiver.address)
        return receiver.scheme in WEBHOOKS and (until is None or until <= now)
