"""When the watch of a connection's mailbox ends, for callers who would arm one of their own."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.connect.connection import Connection
from shared.errors import ConflictError
from shared.ports.clock import Clock
from shared.ports.connections import Mailboxes
from shared.usecases.sync.watch.start import Armed, StartWatch


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
