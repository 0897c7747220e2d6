"""Wake the delivery of an event right after the commit that wrote it.

The store calls this for every event it inserts, so that no use case and no port can forget it. A
lost wake-up is harmless: reconcile finds every event that is due.
"""

import logging
from dataclasses import dataclass

from shared.domain.events.event import Event
from shared.errors import PostroomError
from shared.ports.queue import Queue, QueueName, Task
from shared.usecases.events.deliver_event import DELIVER_TASK

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announce:
    """Enqueues the delivery of an event that was just stored; never fails its writer."""

    queue: Queue

    async def __call__(self, event: Event, queue: QueueName = QueueName.EVENTS) -> None:
        """Enqueue it."""
        body = {"event_id": event.id}
        try:
            await self.queue.enqueue(Task(DELIVER_TASK, body, queue, trace_id=event.trace_id))
        except PostroomError:
            log.warning("delivery left to reconcile", extra={"event": event.id})
