"""When a mailbox's watch ends, and stopping it by hand, for a while (FACTS 2.8)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.connect.connection import Connection
from shared.domain.ids import MailboxId
from shared.domain.sync.mailbox import Mailbox
from shared.errors import ConflictError, PostroomError
from shared.ports.clock import Clock
from shared.ports.connections import Mailboxes
from shared.ports.documents import update
from shared.ports.google.gmail import GmailMailboxes
from shared.usecases.sync.watch.start import Armed, StartWatch

STOPPED_FOR = timedelta(hours=1)
"""Then the next renewal arms it: a stop that is forgotten costs every connection one hour."""


@dataclass(frozen=True, slots=True)
class StopWatch:
    """Stops it for every connection on the address, and says so in the mailbox they share."""

    mailboxes: Mailboxes
    gmail: GmailMailboxes
    clock: Clock

    async def __call__(self, connection: Connection) -> None:
        """Stop notifications; raise ConflictError where the mailbox is not connected right now.

        The state says so before Gmail is asked, so that it never believes in a watch that is
        gone, and again afterwards, for a renewal may have come between.
        """
        now = self.clock.now()
        await self._mark(connection.mailbox_id, lambda it: _stop(it, now))
        try:
            await self.gmail.of(connection.id).stop()
        except PostroomError:  # whether it still lives is unknown: the next renewal arms it
            await self._mark(connection.mailbox_id, lambda it: replace(it, renew_at=now))
            raise
        await self._mark(connection.mailbox_id, lambda it: _stop(it, now))

    async def _mark(self, key: MailboxId, change: Callable[[Mailbox], Mailbox]) -> None:
        if await update(self.mailboxes, key, change) is None:
            raise ConflictError("This mailbox is being connected or disconnected: try again.")


def _stop(mailbox: Mailbox, now: datetime) -> Mailbox:
    return replace(
        mailbox,
        stopped_at=now,
        watch_expires_at=None,
        watch_error=None,
        lapse_told=False,
        silent_since=None,
        vain_revivals=0,
        renew_at=now + STOPPED_FOR,
    )


@dataclass(frozen=True, slots=True)
class LiveWatch:
    """Every connection on a mailbox shares its one watch, so a caller's own would end it."""

    mailboxes: Mailboxes
    start_watch: StartWatch
    clock: Clock

    async def __call__(self, connection: Connection) -> datetime:
        """Return the end of the watch that lives, else of one armed now, 101 units.

        Raises ConflictError where it is being armed, and what Gmail raises.
        """
        mailbox = await self.mailboxes.get(connection.mailbox_id)
        expires_at = mailbox.value.watch_expires_at if mailbox is not None else None
        if expires_at is not None and expires_at > self.clock.now():
            return expires_at
        outcome = await self.start_watch(connection.id)
        if isinstance(outcome, Armed):
            return outcome.expires_at
        raise outcome.error or ConflictError("The watch is being armed right now: try again.")
