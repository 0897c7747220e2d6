"""Stop the watch of a mailbox by hand, for a while (FACTS 2.8)."""

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
