"""A push came: run the mailbox's history delta now, for every connection on the address."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.ids import HistoryId, email_key
from shared.domain.sync.mailbox import Mailbox
from shared.errors import PermanentError
from shared.ports.clock import Clock
from shared.ports.connections import Mailboxes
from shared.usecases.sync.sync_mailbox import SyncMailbox, SyncOutcome

PUSH_BUDGET = timedelta(seconds=8)
"""Below the push subscription's acknowledgement deadline; the rest becomes a task."""
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class UnknownMailbox:
    """No connection on this address: acknowledged, so that it is not sent again."""


@dataclass(frozen=True, slots=True)
class Notified:
    """What became of each connection on the address."""

    outcomes: tuple[SyncOutcome, ...]


@dataclass(frozen=True, slots=True)
class NotifyPush:
    """Takes Gmail's word only as a hint: the state says what to do."""

    mailboxes: Mailboxes
    sync: SyncMailbox
    clock: Clock

    async def __call__(
        self, email: str, history_id: HistoryId, *, trace_id: str | None = None
    ) -> Notified | UnknownMailbox:
        """Sync the address's connections, each whatever becomes of the others.

        Raises StoreUnavailableError or QueueUnavailableError: do not acknowledge then. Raises
        CorruptStateError where that is all that went wrong: one connection's state does not read.
        """
        found = await self.mailboxes.get(email_key(email))
        if found is None or not found.value.connections:
            return UnknownMailbox()
        syncs = [
            self.sync(
                connection_id,
                budget=PUSH_BUDGET,
                hint=history_id,
                only_live=True,
                trace_id=trace_id,
            )
            for connection_id in sorted(found.value.connections)
        ]
        ended = await asyncio.gather(*syncs, return_exceptions=True)
        now = self.clock.now()
        if _worth_noting(found.value, now):
            await self.mailboxes.note_push(found.value.key, now)
        failures = [one for one in ended if isinstance(one, BaseException)]
        if failures:  # What a redelivery may mend goes before what it cannot.
            raise min(failures, key=lambda error: isinstance(error, PermanentError))
        return Notified(tuple(one for one in ended if not isinstance(one, BaseException)))


def _worth_noting(mailbox: Mailbox, now: datetime) -> bool:
    last = mailbox.last_push_at
    return last is None or now - last >= NOTED_EVERY
