"""Arm and renew the one watch that all connections on a mailbox share (FACTS 2.8)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from shared.domain.google.observations import Duration, Kinds, Sightings
from shared.domain.google.refusals import WATCH_TAKEN, Concern
from shared.domain.ids import ConnectionId, GoogleSub, HistoryId, MailboxId, told_sub
from shared.domain.sync.mailbox import RENEW_AFTER, Mailbox
from shared.domain.troubles import concern_of
from shared.errors import ConflictError, GmailRefusedError, NotFoundError, PostroomError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Mailboxes
from shared.ports.documents import Versioned, update
from shared.ports.google.gmail import Gmail, GmailMailboxes, GmailTopic, Watched
from shared.usecases.follow_address import FollowAddress
from shared.usecases.sync.watch.events import SILENT, TellWatch, WatchNews

log = logging.getLogger(__name__)
CLAIM = timedelta(minutes=10)
"""Long enough for one attempt; a failed one is tried again when it ends."""
JITTER = timedelta(hours=24)
REVIVED_EVERY = timedelta(hours=1)
IN_VAIN = 2
"""After so many revivals that brought no push, a watch is told as silent."""


@dataclass(frozen=True, slots=True)
class Armed:
    """The watch lives until `expires_at`, and tells of every change after `history_id`."""

    expires_at: datetime
    history_id: HistoryId


@dataclass(frozen=True, slots=True)
class NotArmed:
    """Another instance is at it, no connection is left, or Gmail refused: `reason` is a code."""

    reason: str
    error: PostroomError | None = None
    """Set where Gmail was asked, or need not be."""


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
    follow: FollowAddress
    tell: TellWatch
    sightings: Sightings = field(default_factory=Sightings)

    async def __call__(self, connection_id: ConnectionId) -> Armed | NotArmed:
        """Arm the watch of the connection's mailbox, unless one lives that is not due."""
        connection = await self.connections.get(connection_id)
        if connection is None:
            return NotArmed("unknown_connection")
        mailbox = await self.mailboxes.get(connection.value.mailbox_id)
        if mailbox is None or not _due(mailbox.value, self.clock.now()):
            return NotArmed("not_due")
        return await self.renew(mailbox, connection_id)

    async def restart(self, connection_id: ConnectionId) -> Armed | NotArmed:
        """Arm again a watch that lives by its date and yet announces nothing; at most hourly.

        A watch dies silently too: FACTS 2.3, 15.6.
        """
        if not self.topic:
            return _without_topic()
        connection = await self.connections.get(connection_id)
        mailbox = await self.mailboxes.get(connection.value.mailbox_id) if connection else None
        if mailbox is None or not _revivable(mailbox.value, self.clock.now()):
            return NotArmed("not_due")
        heard_before = mailbox.value.silent_since is None
        try:
            marked = _after_silence(mailbox.value, self.clock.now())
            mailbox = await self.mailboxes.swap(mailbox, marked)
        except ConflictError:
            return NotArmed("busy")
        log.warning("watch silent", extra={"connection": connection_id})
        if heard_before and marked.silent_since is not None:
            log.error("watch stays silent", extra={"connection": connection_id})
            await self.tell(marked, WatchNews.SILENT, SILENT)
        return await self.renew(mailbox, connection_id)

    async def renew(
        self, mailbox: Versioned[Mailbox], connection_id: ConnectionId
    ) -> Armed | NotArmed:
        """Watch through this connection, 101 units, and follow the account to its address.

        The mailbox is claimed first: overlapping calls are refused by Gmail (FACTS 2.6). The
        product is told once of a watch that lapsed or was never armed, and of its return. Where
        there is no topic, nothing is asked.
        """
        if not self.topic:
            return _without_topic()
        now = self.clock.now()
        try:
            claim = replace(mailbox.value, renew_at=now + CLAIM)
            claimed = await self.mailboxes.swap(mailbox, claim)
        except ConflictError:
            return NotArmed("busy")
        gmail = self.gmail.of(connection_id)
        try:
            address = (await gmail.profile()).email
            watched = await self._watch(gmail)
        except PostroomError as error:
            log.warning("watch refused", extra={"connection": connection_id, "code": error.code})
            again = now + RETRY_AFTER[concern_of(error)]
            news = _news(claim, now)
            failed = replace(claim, watch_error=error.code, renew_at=again)
            told = claim.lapse_told or news is not None
            await self._record(claimed, replace(failed, lapse_told=told))
            if news is not None:
                await self.tell(failed, news, error.code)
            self.sightings.count_kind(Kinds.WATCHES_REFUSED, error.code)
            return NotArmed(error.code, error)
        self.sightings.measure(Duration.WATCH_LIFE, watched.expires_at - now)
        sub = claim.sub or await self._sub(connection_id)
        followed = await self.follow(claim, address, sub)
        if followed is None:
            return NotArmed("moved")
        armed = replace(
            followed,
            watch_expires_at=watched.expires_at,
            renew_at=now + RENEW_AFTER + jitter(claim.key),
            watch_error=SILENT if claim.silent_since else None,
            lapse_told=False,
            armings=claim.armings + 1,
            stopped_at=None,
        )
        await self._record(claimed, armed)
        missed = claim.lapse_told or has_lapsed(claim, now)
        if missed and claim.silent_since is None:  # of a silent one the next push tells
            await self.tell(armed, WatchNews.ARMED)
        return Armed(watched.expires_at, watched.history_id)

    async def _sub(self, connection_id: ConnectionId) -> GoogleSub | None:
        found = await self.connections.get(connection_id)
        return None if found is None else told_sub(found.value.sub)

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

        def record(fresh: Mailbox) -> Mailbox | None:
            if fresh.stopped_at != was.value.stopped_at:
                return None
            addressed = fresh.at(now.email, now.sub) if now.email is not None else fresh
            return replace(
                addressed,
                watch_expires_at=now.watch_expires_at,
                renew_at=now.renew_at,
                watch_error=now.watch_error,
                lapse_told=now.lapse_told,
                armings=now.armings,
                stopped_at=now.stopped_at,
            )

        await update(self.mailboxes, now.key, record, was)


def _without_topic() -> NotArmed:
    told = "No topic is set that Gmail could publish to: mailboxes are asked for changes instead."
    return NotArmed("no_topic", NotFoundError(told))


def has_lapsed(mailbox: Mailbox, now: datetime) -> bool:
    """Whether its watch has expired."""
    return mailbox.watch_expires_at is not None and mailbox.watch_expires_at <= now


def _news(refused: Mailbox, now: datetime) -> WatchNews | None:
    """Return what the product is to hear of it, if not told yet.

    Where none lives, because it never did or was stopped by hand, the second refusal is told: the
    first may come while an account connects.
    """
    lapsed = has_lapsed(refused, now)
    again = refused.watch_expires_at is None and refused.watch_error is not None
    if refused.lapse_told or not (lapsed or again):
        return None
    return WatchNews.LAPSED if refused.armings else WatchNews.NEVER_ARMED


def _after_silence(mailbox: Mailbox, now: datetime) -> Mailbox:
    """Return it as it is armed anew; silent where the last revivals brought no push."""
    before, push = mailbox.revived_at, mailbox.last_push_at
    in_vain = before is not None and (push is None or push < before)
    count = mailbox.vain_revivals + 1 if in_vain else 0
    silent_since = mailbox.silent_since or (now if count >= IN_VAIN else None)
    return replace(
        mailbox,
        watch_error=SILENT,
        revived_at=now,
        vain_revivals=count,
        silent_since=silent_since,
    )


def _revivable(mailbox: Mailbox, now: datetime) -> bool:
    if mailbox.stopped_at is not None:  # silent because it was told to be
        return False
    return mailbox.revived_at is None or now - mailbox.revived_at >= REVIVED_EVERY


def _due(mailbox: Mailbox, now: datetime) -> bool:
    unarmed = mailbox.watch_expires_at is None or mailbox.watch_expires_at <= now
    return unarmed or mailbox.renew_at is None or mailbox.renew_at <= now


def jitter(key: MailboxId) -> timedelta:
    """Spread renewals over a day: each sends a notification (FACTS 2.2)."""
    return JITTER * (crc32(key.encode()) % 1_000 / 1_000 - 0.5)
