"""Arm, renew and stop the one watch that all connections on an address share (FACTS 2.8)."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from shared.domain.connect.connection import INTEGRATION, ConnectionStatus
from shared.domain.events.event import EventType, new_event
from shared.domain.google_refusals import WATCH_TAKEN, Concern
from shared.domain.ids import ConnectionId, EmailKey
from shared.domain.sync.mailbox import RENEW_AFTER, Mailbox
from shared.domain.troubles import concern_of, error_object
from shared.errors import ConflictError, CorruptStateError, GmailRefusedError, PostroomError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Mailboxes
from shared.ports.documents import Versioned, update
from shared.ports.events import Outbox
from shared.ports.google.gmail import Gmail, GmailMailboxes, GmailTopic, Watched

log = logging.getLogger(__name__)
LAPSED: Final = "operating#a-watch-lapsed"
"""Where it is explained, if its reason has no entry of its own."""
CLAIM = timedelta(minutes=10)
"""Long enough for one attempt; a failed one is tried again when it ends."""
JITTER = timedelta(hours=24)
REVIVED_EVERY = timedelta(hours=1)
SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Armed:
    """The watch lives until `expires_at`."""

    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NotArmed:
    """Somebody else is at it, nobody is connected, or Gmail refused: `reason` is a code."""

    reason: str
    error: PostroomError | None = None
    """Set where Gmail was asked."""


RETRY_AFTER: Final[Mapping[Concern, timedelta]] = {
    **dict.fromkeys(Concern, CLAIM),
    Concern.DEPLOYMENT: timedelta(seconds=50),
    Concern.MAILBOX: timedelta(hours=1),
    Concern.SCOPE: timedelta(hours=1),
}
"""When a watch that failed is tried again: where all fare alike, a run stops at the first."""


@dataclass(frozen=True, slots=True)
class StartWatch:
    """Watches unfiltered, because label filters are unreliable (FACTS 2.7)."""

    mailboxes: Mailboxes
    connections: Connections
    gmail: GmailMailboxes
    clock: Clock
    topic: GmailTopic

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

        A watch dies silently too: FACTS 2.3, 15.6.
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
        log.warning("watch silent", extra={"connection": connection_id})
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
            again = now + RETRY_AFTER[concern_of(error)]
            await self._record(claimed, _failed(claim, error.code, again, now))
            return NotArmed(error.code, error)
        renew_at = now + RENEW_AFTER + jitter(claim.key)
        armed = replace(
            claim,
            watch_expires_at=watched.expires_at,
            renew_at=renew_at,
            watch_error=None,
            lapse_told=False,
            armings=claim.armings + 1,
            stopped_at=None,
        )
        await self._record(claimed, armed)
        return Armed(watched.expires_at)

    async def _watch(self, gmail: Gmail) -> Watched:
        try:
            return await gmail.watch(self.topic)
        except GmailRefusedError as error:
            if error.about != WATCH_TAKEN.about:
                raise
        await gmail.stop()
        return await gmail.watch(self.topic)

    async def _record(self, was: Versioned[Mailbox], now: Mailbox) -> None:
        """Write what came of it onto whatever the mailbox has become meanwhile.

        Where it was stopped by hand meanwhile, it stays so: Gmail may have heard that last.
        """

        def recorded(fresh: Mailbox) -> Mailbox | None:
            if fresh.stopped_at != was.value.stopped_at:
                return None
            return replace(
                fresh,
                watch_expires_at=now.watch_expires_at,
                renew_at=now.renew_at,
                watch_error=now.watch_error,
                lapse_told=now.lapse_told,
                armings=now.armings,
                stopped_at=now.stopped_at,
            )

        await update(self.mailboxes, now.key, recorded, was)


def _has_lapsed(mailbox: Mailbox, now: datetime) -> bool:
    return mailbox.watch_expires_at is not None and mailbox.watch_expires_at <= now


def _failed(mailbox: Mailbox, code: str, again: datetime, now: datetime) -> Mailbox:
    """Return it after Gmail refused; one whose watch has expired is told as lapsed, once."""
    lapsed = mailbox.lapse_told or _has_lapsed(mailbox, now)
    return replace(mailbox, watch_error=code, renew_at=again, lapse_told=lapsed)


def _is_deployments(outcome: Armed | NotArmed) -> bool:
    error = outcome.error if isinstance(outcome, NotArmed) else None
    return error is not None and concern_of(error) is Concern.DEPLOYMENT


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
    start_watch: StartWatch
    clock: Clock

    async def __call__(self) -> Renewed:
        """Renew what is due, a page at a time, until nothing is or time is up."""
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
            return await self._postponed(mailbox)
        outcome = await self.start_watch.renew(mailbox, connection_id)
        await self._report(mailbox.value, connection_id, outcome)
        return outcome

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
        lapsed = _has_lapsed(before, self.clock.now())
        if isinstance(outcome, Armed) and lapsed:
            await self._tell(before, connection_id, "recovered", None)
        untold = lapsed and not before.lapse_told
        if isinstance(outcome, NotArmed) and outcome.error is not None and untold:
            await self._tell(before, connection_id, "lapsed", outcome.reason)

    async def _tell(
        self, before: Mailbox, connection_id: ConnectionId, operation: str, reason: str | None
    ) -> None:
        now = self.clock.now()
        told = {"docs": LAPSED, **error_object(reason, "The watch lapsed.")} if reason else None
        payload = {
            "from": "postroom",
            "type": "watch",
            "operation": operation,
            "connectionId": connection_id,
            "providerConfigKey": INTEGRATION,
            "success": operation == "recovered",
            "error": told,
        }
        version = 2 * before.armings + (1 if reason else 2)
        event = new_event(connection_id, EventType.WATCH, payload, now, version=version)
        await self.outbox.create(event)
