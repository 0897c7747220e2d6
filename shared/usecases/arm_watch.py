"""Arm or renew the one watch that all connections on a Gmail address share (FACTS 2.8)."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from shared.domain.ids import ConnectionId, EmailKey
from shared.domain.mailbox import RENEW_AFTER, Mailbox
from shared.errors import ConflictError, GmailRefusedError, PostroomError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Mailboxes
from shared.ports.gmail import Gmail, GmailMailboxes, Watched
from shared.ports.versioned import Versioned

log = logging.getLogger(__name__)
CLAIM = timedelta(minutes=10)
"""Long enough for one attempt; a failed one is tried again when it ends."""
JITTER = timedelta(hours=24)
REVIVED_EVERY = timedelta(hours=1)
SILENT = "silent"
ONE_CLIENT = "Only one user push notification client"


@dataclass(frozen=True, slots=True)
class Armed:
    """The watch lives until `expires_at`."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NotArmed:
    """Somebody else is at it, nobody is connected, or Gmail refused: `reason` is a code."""

    reason: str


@dataclass(frozen=True, slots=True)
class ArmWatch:
    """Watches unfiltered, because label filters are unreliable (FACTS 2.7)."""

    mailboxes: Mailboxes
    connections: Connections
    gmail: GmailMailboxes
    clock: Clock
    topic: str

    async def __call__(self, connection_id: ConnectionId) -> Armed | NotArmed:
        """Arm the watch of the connection's mailbox, unless one lives that is not due."""
        connection = await self.connections.get(connection_id)
        if connection is None:
            return NotArmed("unknown_connection")
        mailbox = await self.mailboxes.get(connection.value.email_key)
        if mailbox is None or not _due(mailbox.value, self.clock.now()):
            return NotArmed("not_due")
        return await self.renew(mailbox, connection_id)

    async def revive(self, connection_id: ConnectionId) -> Armed | NotArmed:
        """Arm again a watch that lives by its date and yet announces nothing; at most hourly.

        A watch dies silently too: FACTS 2.2, 15.
        """
        connection = await self.connections.get(connection_id)
        mailbox = await self.mailboxes.get(connection.value.email_key) if connection else None
        if mailbox is None or not _revivable(mailbox.value, self.clock.now()):
            return NotArmed("not_due")
        now = self.clock.now()
        try:
            marked = replace(mailbox.value, watch_error=SILENT, revived_at=now)
            mailbox = await self.mailboxes.swap(mailbox, marked)
        except ConflictError:
            return NotArmed("busy")
        return await self.renew(mailbox, connection_id)

    async def renew(
        self, mailbox: Versioned[Mailbox], connection_id: ConnectionId
    ) -> Armed | NotArmed:
        """Watch through this connection; claims the mailbox first, so that calls never overlap.

        Overlapping calls are refused by Gmail (FACTS 2.6).
        """
        now = self.clock.now()
        try:
            claim = replace(mailbox.value, renew_at=now + CLAIM)
            claimed = await self.mailboxes.swap(mailbox, claim)
        except ConflictError:
            return NotArmed("busy")
        try:
            watched = await self._watch(self.gmail.of(connection_id))
        except PostroomError as error:
            log.warning("watch refused", extra={"connection": connection_id, "code": error.code})
            await self._record(claimed, replace(claim, watch_error=error.code))
            return NotArmed(error.code)
        renew_at = now + RENEW_AFTER + jitter(claim.key)
        armed = replace(
            claim,
            watch_expires_at=watched.expires_at,
            renew_at=renew_at,
            watch_error=None,
            stopped_at=None,
        )
        await self._record(claimed, armed)
        return Armed(watched.expires_at)

    async def _watch(self, gmail: Gmail) -> Watched:
        try:
            return await gmail.watch(self.topic)
        except GmailRefusedError as error:
            if ONE_CLIENT not in error.body and ONE_CLIENT not in str(error):
                raise
        await gmail.stop()
        return await gmail.watch(self.topic)

    async def _record(self, was: Versioned[Mailbox], now: Mailbox) -> None:
        """Write what came of it onto whatever the mailbox has become meanwhile.

        Where it was stopped by hand meanwhile, it stays so: Gmail may have heard that last.
        """
        stopped_before = was.value.stopped_at
        while True:
            try:
                await self.mailboxes.swap(was, now)
            except ConflictError:
                fresh = await self.mailboxes.get(now.key)
                if fresh is None or fresh.value.stopped_at != stopped_before:
                    return
                was = fresh
                now = replace(
                    fresh.value,
                    watch_expires_at=now.watch_expires_at,
                    renew_at=now.renew_at,
                    watch_error=now.watch_error,
                    stopped_at=now.stopped_at,
                )
            else:
                return


def _revivable(mailbox: Mailbox, now: datetime) -> bool:
    if mailbox.stopped_at is not None:  # silent because it was told to be
        return False
    return mailbox.revived_at is None or now - mailbox.revived_at >= REVIVED_EVERY


def _due(mailbox: Mailbox, now: datetime) -> bool:
    unarmed = mailbox.watch_expires_at is None or mailbox.watch_expires_at <= now
    return unarmed or mailbox.renew_at is None or mailbox.renew_at <= now


def jitter(key: EmailKey) -> timedelta:
    """Spread renewals over a day: each sends a notification (FACTS 2.2)."""
    return JITTER * (crc32(key.encode()) % 1_000 / 1_000 - 0.5)
