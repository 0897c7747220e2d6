"""Renew every watch that expires soon; they live seven days and lapse silently (FACTS 2.2)."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

from shared.domain.connection import INTEGRATION, ConnectionStatus
from shared.domain.event import Event, EventType
from shared.domain.ids import ConnectionId, EventId
from shared.domain.mailbox import Mailbox
from shared.errors import ConflictError, CorruptStateError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Mailboxes
from shared.ports.outbox import Outbox
from shared.ports.versioned import Versioned
from shared.usecases.arm_watch import CLAIM, Armed, ArmWatch, NotArmed

log = logging.getLogger(__name__)
PAGE = 50
AT_ONCE = 10
BUDGET = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Renewed:
    """How many watches were armed and how many were not."""

    armed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class RenewWatches:
    """Resumable: each mailbox carries its own due time, so a crash loses nothing."""

    mailboxes: Mailboxes
    connections: Connections
    outbox: Outbox
    arm_watch: ArmWatch
    clock: Clock

    async def __call__(self) -> Renewed:
        """Renew what is due, a page at a time, until nothing is or time is up."""
        deadline = self.clock.now() + BUDGET
        total = Renewed()
        while self.clock.now() < deadline:
            due = await self.mailboxes.renewable(self.clock.now(), PAGE)
            for start in range(0, len(due), AT_ONCE):
                total = await self._renew(due[start : start + AT_ONCE], total)
            if len(due) < PAGE:
                break
        return total

    async def _renew(self, due: Sequence[Versioned[Mailbox]], total: Renewed) -> Renewed:
        outcomes = await asyncio.gather(*(self._one(mailbox) for mailbox in due))
        armed = sum(isinstance(outcome, Armed) for outcome in outcomes)
        return Renewed(total.armed + armed, total.failed + len(outcomes) - armed)

    async def _one(self, mailbox: Versioned[Mailbox]) -> Armed | NotArmed:
        connection_id = await self._able(mailbox.value)
        if connection_id is None:
            return await self._postponed(mailbox)
        outcome = await self.arm_watch.renew(mailbox, connection_id)
        await self._report(mailbox.value, connection_id, outcome)
        return outcome

    async def _able(self, mailbox: Mailbox) -> ConnectionId | None:
        """Answer a connection whose grant still works."""
        for connection_id in sorted(mailbox.connections):
            try:
                found = await self.connections.get(connection_id)
            except CorruptStateError:
                log.warning("connection does not read", extra={"connection": connection_id})
                continue
            if found is not None and found.value.status is ConnectionStatus.ACTIVE:
                return connection_id
        return None

    async def _postponed(self, mailbox: Versioned[Mailbox]) -> NotArmed:
        """Nobody can renew it now: look again later, not in every run."""
        later = replace(mailbox.value, renew_at=self.clock.now() + CLAIM * 6)
        try:
            await self.mailboxes.swap(mailbox, later)
        except ConflictError:
            return NotArmed("busy")
        return NotArmed("no_active_connection")

    async def _report(
        self, before: Mailbox, connection_id: ConnectionId, outcome: Armed | NotArmed
    ) -> None:
        """Tell the product of a watch that lapsed, and of its return; once each."""
        now = self.clock.now()
        lapsed = before.watch_expires_at is not None and before.watch_expires_at <= now
        if isinstance(outcome, Armed) and lapsed:
            await self._tell(connection_id, "recovered", None)
        if isinstance(outcome, NotArmed) and lapsed and before.watch_error is None:
            await self._tell(connection_id, "lapsed", outcome.reason)

    async def _tell(self, connection_id: ConnectionId, operation: str, reason: str | None) -> None:
        now = self.clock.now()
        payload = {
            "from": "postroom",
            "type": "watch",
            "operation": operation,
            "connectionId": connection_id,
            "providerConfigKey": INTEGRATION,
            "success": operation == "recovered",
            "error": {"type": reason, "description": "The watch lapsed."} if reason else None,
        }
        event_id = EventId(f"evt_{uuid4().hex}")
        event = Event(event_id, connection_id, EventType.WATCH, payload, now, now)
        await self.outbox.create(event)
