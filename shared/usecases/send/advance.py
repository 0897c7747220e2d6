"""Takes a claimed entry as far as it goes now, and says when to go on."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import reads
from shared.domain.crash import crash_site
from shared.domain.google.observations import Sightings
from shared.domain.send.entry import LIMITED_AT_MOST, SendEntry, SendState
from shared.domain.troubles import Fate, treatment_of
from shared.errors import (
    ConflictError,
    PermanentError,
    PostroomError,
    QueueUnavailableError,
    RateLimitedError,
    ReauthRequiredError,
    StoreUnavailableError,
    TransientError,
)
from shared.ports.clock import Clock
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.queue import Queue, QueueName, Task
from shared.usecases.send.held import WakeHeld
from shared.usecases.send.ledger import LedgerEntry
from shared.usecases.send.protocol import Message, Protocol
from shared.usecases.send.rules import SEND_TASK

FIRST_WAIT: Final = timedelta(seconds=5)
PROBE_WAIT: Final = timedelta(seconds=50)
"""The longest wait of the newest held send of a connection: the others are woken when it is out."""
LONGEST_WAIT: Final = timedelta(minutes=15)
RECONNECT_WAIT: Final = timedelta(hours=1)
LONGEST_TASK: Final = timedelta(days=29)
"""Cloud Tasks takes 30 days (FACTS 8.10)."""


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advance:
    """Runs the protocol; whatever goes wrong ends in the entry."""

    gmail: GmailMailboxes
    queue: Queue
    clock: Clock
    sightings: Sightings

    async def __call__(
        self, entry: LedgerEntry, connection: Connection, message: Message, *, identify: bool
    ) -> None:
        """Advance; afterwards the entry is final or due later, with a task on its way.

        `identify` reads the Message-ID back once it is submitted. Raises ConflictError where
        another worker has the entry now, StoreUnavailableError where nothing could be written: its
        claim then ends by itself.
        """
        gmail = self.gmail.of(connection.id)
        protocol = Protocol(gmail, self.clock, reads(connection.scopes), self.sightings)
        try:
            await protocol.advance(entry, message)
        except (ConflictError, StoreUnavailableError):
            raise
        except TransientError as error:
            await self._wait(entry, error)
        except PermanentError as error:
            await self._conclude_stuck(entry, error)
        except Exception as crash:  # noqa: BLE001  a send is never left to its claim for ever
            site = str(crash_site(crash))
            log.error("send crashed", extra={"error": type(crash).__name__, "frames": [site]})  # noqa: TRY400  no words
            await self._put_off(entry, TransientError(f"It failed on our side: {site}."))
        if entry.state is SendState.SUBMITTED and identify:
            await protocol.identify(entry)
        if entry.state is SendState.SUBMITTED and entry.value.hold is not None:
            await WakeHeld(entry.sends, self.queue, self.clock)(connection.id)
        await self.wake(entry)

    async def hold(self, entry: LedgerEntry, error: PostroomError) -> None:
        """Hold a send of which nothing went out; the newest of a connection asks for all."""
        newest = await entry.sends.list(entry.value.connection_id, 1, state=SendState.HELD)
        probes = not newest or _age(newest[0]) <= _age(entry.value)
        await entry.hold(_ladder(entry, PROBE_WAIT if probes else LONGEST_WAIT), error)

    async def wake(self, entry: LedgerEntry) -> None:
        """Make sure that a worker comes when it is due; reconcile does if this fails."""
        due = entry.value.next_due_at
        if entry.state.final or due is None or due > self.clock.now() + LONGEST_TASK:
            return
        body = {"id": entry.value.id}
        with suppress(QueueUnavailableError):
            await self.queue.enqueue(Task(SEND_TASK, body, QueueName.LIVE, not_before=due))

    async def _wait(self, entry: LedgerEntry, error: TransientError) -> None:
        if treatment_of(error).send is Fate.HELD and _can_be_held(entry.value):
            await self._hold_or_expire(entry, error)
        else:
            await self._put_off(entry, error)

    async def _put_off(self, entry: LedgerEntry, error: TransientError) -> None:
        if self._is_spent(entry):
            await self._give_up(entry, error)
            return
        wait = _ladder(entry, LONGEST_WAIT)
        if isinstance(error, RateLimitedError) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        await entry.record_trouble(wait, error)

    async def _hold_or_expire(self, entry: LedgerEntry, error: PostroomError) -> None:
        if self.clock.now() < entry.value.held_until:
            await self.hold(entry, error)
        else:
            await entry.record_failure(
                "expired", f"It was held for a day, and the trouble lasts: {error}"
            )

    async def _conclude_stuck(self, entry: LedgerEntry, error: PermanentError) -> None:
        """Conclude what cannot go on; what may be out waits for a reconnect to be read."""
        waits = isinstance(error, ReauthRequiredError) and entry.state is SendState.SUBMITTING
        if waits and not self._is_spent(entry):
            await entry.record_trouble(RECONNECT_WAIT, error)
        else:
            await self._give_up(entry, error)

    async def _give_up(self, entry: LedgerEntry, error: PostroomError) -> None:
        """Call it failed where nothing can have left, unknown where something may have."""
        if entry.state is SendState.SUBMITTING:
            await entry.record_unknown(f"The outcome could not be read: {error}")
        else:
            await entry.record_failure(error.code, str(error))

    def _is_spent(self, entry: LedgerEntry) -> bool:
        started_at = entry.value.started_at or entry.value.created_at
        return self.clock.now() > started_at + LIMITED_AT_MOST


def _can_be_held(entry: SendEntry) -> bool:
    """Whether nothing went out, and what is to go out is kept, here or as a draft."""
    kept = bool(entry.request) if entry.state is SendState.ACCEPTED else bool(entry.draft_id)
    return kept and entry.state in {SendState.ACCEPTED, SendState.DRAFTED}


def _ladder(entry: LedgerEntry, longest: timedelta) -> timedelta:
    doubled: timedelta = FIRST_WAIT * 2 ** min(entry.value.attempts - 1, 10)
    return min(doubled, longest)


def _age(entry: SendEntry) -> tuple[datetime, str]:
    return entry.created_at, entry.id
