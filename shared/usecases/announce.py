"""Wake the delivery of an event right after the commit that wrote it.

These stand in front of the ports that write events, so that no use case can forget to wake
somebody. A lost wake-up is harmless: reconcile finds every event that is due.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from shared.domain.event import Event
from shared.domain.send import SendEntry
from shared.domain.sync_state import SyncState
from shared.errors import QueueUnavailableError
from shared.ports.outbox import Outbox
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import Sends
from shared.ports.sync_store import Batch, SyncStates
from shared.ports.versioned import Versioned
from shared.usecases.deliver_event import DELIVER_TASK

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Announce:
    """Enqueues the delivery of an event that was just stored; never fails its writer."""

    queue: Queue

    async def __call__(self, event: Event) -> None:
        """Enqueue it."""
        body = {"event_id": event.id}
        try:
            await self.queue.enqueue(
                Task(DELIVER_TASK, body, QueueName.EVENTS, trace_id=event.trace_id)
            )
        except QueueUnavailableError:
            log.warning("delivery left to reconcile", extra={"event": event.id})


def announced_outbox(outbox: Outbox, announce: Announce) -> Outbox:
    """Answer the outbox whose every new event is announced."""

    async def create(event: Event) -> Versioned[Event]:
        created = await outbox.create(event)
        await announce(event)
        return created

    return cast("Outbox", _Fronted(outbox, create=create))


def announced_sends(sends: Sends, announce: Announce) -> Sends:
    """Answer the ledger whose every conclusion is announced."""

    async def conclude(
        was: Versioned[SendEntry], now: SendEntry, event: Event
    ) -> Versioned[SendEntry]:
        concluded = await sends.conclude(was, now, event)
        await announce(event)
        return concluded

    return cast("Sends", _Fronted(sends, conclude=conclude))


def announced_sync_states(states: SyncStates, announce: Announce) -> SyncStates:
    """Answer the sync states whose commits announce their new events, not extended ones."""

    async def commit(
        was: Versioned[SyncState], now: SyncState, batch: Batch
    ) -> Versioned[SyncState]:
        committed = await states.commit(was, now, batch)
        if batch.event is not None and batch.event_version is None:
            await announce(batch.event)
        return committed

    return cast("SyncStates", _Fronted(states, commit=commit))


class _Fronted:
    """A port with some of its methods replaced; all others are the port's own."""

    def __init__(self, port: object, **replaced: Callable[..., Any]) -> None:
        self._port = port
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)
