"""A push came: run the mailbox's history delta now, for every connection on the address."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.ids import HistoryId, email_key
from shared.domain.mailbox import Mailbox
from shared.ports.clock import Clock
from shared.ports.connections import Mailboxes
from shared.usecases.sync_mailbox import SyncMailbox, SyncOutcome

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
        """Sync the address's connections.

        Raises StoreUnavailableError or QueueUnavailableError: do not acknowledge then.
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
        outcomes = await asyncio.gather(*syncs)
        now = self.clock.now()
        if _worth_noting(found.value, now):
            await self.mailboxes.noted_push(found.value.key, now)
        return Notified(tuple(outcomes))


def _worth_noting(mailbox: Mailbox, now: datetime) -> bool:
    last = mailbox.last_push_at
    return last is None or now - last >= NOTED_EVERY
