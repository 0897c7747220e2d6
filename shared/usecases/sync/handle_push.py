"""A push came: run the mailbox's history delta now, for every connection on it."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.google.observations import Duration, Sightings
from shared.domain.ids import HistoryId
from shared.domain.sync.mailbox import WATCH_LIFETIME, Mailbox
from shared.errors import PermanentError
from shared.ports.clock import Clock
from shared.ports.documents import update
from shared.ports.events import LEAVE_TO_QUEUE, FirstAttempts
from shared.usecases.mailboxes import MailboxDirectory
from shared.usecases.sync.outcomes import SyncOutcome
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.watch.events import SILENT, TellWatch, WatchNews

PUSH_BUDGET = timedelta(seconds=8)
"""Below the push subscription's acknowledgement deadline; the rest becomes a task."""
NOTED_EVERY = timedelta(hours=1)
"""A note is a write and a call, and pushes come: sooner than that it tells nothing new."""


@dataclass(frozen=True, slots=True)
class UnknownMailbox:
    """No connection on this address: acknowledged, so that it is not sent again."""


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of each connection on the mailbox."""

    outcomes: tuple[SyncOutcome, ...]


@dataclass(frozen=True, slots=True)
class NotifyPush:
    """Takes Gmail's word only as a hint: the state says what to do."""

    directory: MailboxDirectory
    sync: SyncMailbox
    clock: Clock
    tell: TellWatch
    first: FirstAttempts = LEAVE_TO_QUEUE
    sightings: Sightings = field(default_factory=Sightings)

    async def __call__(
        self, email: str, history_id: HistoryId, *, trace_id: str | None = None
    ) -> Notified | UnknownMailbox:
        """Sync the mailbox's connections, each whatever becomes of the others.

        Raises StoreUnavailableError or QueueUnavailableError: do not acknowledge then. Raises
        CorruptStateError where that is all that went wrong: one connection's state does not read.
        """
        found = await self.directory.by_address(email)
        if found is None or not found.value.connections:
            return UnknownMailbox()
        syncs = [
            self.sync(
                connection_id,
                budget=PUSH_BUDGET,
                hint=history_id,
                only_live=True,
                trace_id=trace_id,
                first=self.first,
            )
            for connection_id in sorted(found.value.connections)
        ]
        ended = await asyncio.gather(*syncs, return_exceptions=True)
        now = self.clock.now()
        if _worth_noting(found.value, now):
            self._measure_first(found.value, now)
            await self.directory.mailboxes.note_push(found.value.key, now)
        if found.value.silent_since is not None:
            await self._tell_of_return(found.value)
        failures = [one for one in ended if isinstance(one, BaseException)]
        if failures:  # What a redelivery may mend goes before what it cannot.
            raise min(failures, key=lambda error: isinstance(error, PermanentError))
        return Notified(tuple(one for one in ended if not isinstance(one, BaseException)))

    def _measure_first(self, mailbox: Mailbox, now: datetime) -> None:
        """Note how long after it was armed a watch announced something (FACTS 2.2)."""
        armed_at, last = _armed_at(mailbox), mailbox.last_push_at
        if armed_at is not None and (last is None or last < armed_at):
            self.sightings.measure(Duration.FIRST_PUSH, now - armed_at)

    async def _tell_of_return(self, silent: Mailbox) -> None:
        """Tell of a silent watch that it announces mail again, once."""
        if await update(self.directory.mailboxes, silent.key, _after_push) is not None:
            await self.tell(silent, WatchNews.HEARD)


def _after_push(was: Mailbox) -> Mailbox | None:
    if was.silent_since is None:
        return None
    error = None if was.watch_error == SILENT else was.watch_error
    return replace(was, silent_since=None, vain_revivals=0, watch_error=error)


def _worth_noting(mailbox: Mailbox, now: datetime) -> bool:
    """Whether an hour has passed, or it is the first push since the watch was armed or revived."""
    last, since = mailbox.last_push_at, (_armed_at(mailbox), mailbox.revived_at)
    if last is None or now - last >= NOTED_EVERY:
        return True
    return any(moment is not None and last < moment for moment in since)


def _armed_at(mailbox: Mailbox) -> datetime | None:
    ends = mailbox.watch_expires_at
    return None if ends is None else ends - WATCH_LIFETIME
