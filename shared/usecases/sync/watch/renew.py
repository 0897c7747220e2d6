"""Renew every watch that is due."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.google.refusals import Concern
from shared.domain.ids import ConnectionId
from shared.domain.sync.mailbox import Mailbox
from shared.domain.troubles import concern_of
from shared.errors import ConflictError, CorruptStateError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Mailboxes
from shared.ports.documents import Versioned
from shared.usecases.sync.watch.start import CLAIM, Armed, NotArmed, StartWatch

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
    start_watch: StartWatch
    clock: Clock

    async def __call__(self) -> Renewed:
        """Renew what is due, a page at a time, until nothing is or time is up.

        Without a topic there are no watches, and none is due.
        """
        if not self.start_watch.topic:
            return Renewed()
        deadline = self.clock.now() + BUDGET
        total = Renewed()
        while self.clock.now() < deadline:
            due = await self.mailboxes.renewable(self.clock.now(), PAGE)
            for start in range(0, len(due), AT_ONCE):
                total, stopped = await self._renew(due[start : start + AT_ONCE], total)
                if stopped:
                    return total
            if len(due) < PAGE:
                break
        return total

    async def _renew(
        self, due: Sequence[Versioned[Mailbox]], total: Renewed
    ) -> tuple[Renewed, bool]:
        """Return the total, and whether the rest would be refused alike: the deployment is."""
        outcomes = await asyncio.gather(*(self._one(mailbox) for mailbox in due))
        armed = sum(isinstance(outcome, Armed) for outcome in outcomes)
        alike = any(_is_deployments(outcome) for outcome in outcomes)
        return Renewed(total.armed + armed, total.failed + len(outcomes) - armed), alike

    async def _one(self, mailbox: Versioned[Mailbox]) -> Armed | NotArmed:
        connection_id = await self._able(mailbox.value)
        if connection_id is None:
            return await self._postpone(mailbox)
        return await self.start_watch.renew(mailbox, connection_id)

    async def _able(self, mailbox: Mailbox) -> ConnectionId | None:
        """Return a connection whose grant still works."""
        for connection_id in sorted(mailbox.connections):
            try:
                found = await self.connections.get(connection_id)
            except CorruptStateError:
                log.warning("connection does not read", extra={"connection": connection_id})
                continue
            if found is not None and found.value.status is ConnectionStatus.ACTIVE:
                return connection_id
        return None

    async def _postpone(self, mailbox: Versioned[Mailbox]) -> NotArmed:
        """Look again later, not in every run: it cannot be renewed now."""
        later = replace(mailbox.value, renew_at=self.clock.now() + CLAIM * 6)
        try:
            await self.mailboxes.swap(mailbox, later)
        except ConflictError:
            return NotArmed("busy")
        return NotArmed("no_active_connection")


def _is_deployments(outcome: Armed | NotArmed) -> bool:
    error = outcome.error if isinstance(outcome, NotArmed) else None
    return error is not None and concern_of(error) is Concern.DEPLOYMENT
