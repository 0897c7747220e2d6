"""Go on with a send that a crash, an unclear answer or its hour left to us (DESIGN 6.1)."""

from dataclasses import dataclass, field

from shared.domain.connect.connection import Connection
from shared.domain.google.observations import Sightings
from shared.domain.send.entry import SendEntry, SendState
from shared.errors import ConflictError, PermanentError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants
from shared.ports.documents import Versioned
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.google.oauth import Sealer
from shared.ports.queue import Queue
from shared.ports.sends import Sends
from shared.usecases.send.advance import Advance
from shared.usecases.send.compose import Compose, Composed
from shared.usecases.send.kept import SealedRequests
from shared.usecases.send.ledger import LedgerEntry
from shared.usecases.send.send_email import claim, found_connection, marker_of


@dataclass(frozen=True, slots=True)
class FinishSend:
    """One step further with one entry; doubled calls are harmless."""

    connections: Connections
    grants: Grants
    sends: Sends
    gmail: GmailMailboxes
    sealer: Sealer
    queue: Queue
    clock: Clock
    sightings: Sightings = field(default_factory=Sightings)

    async def __call__(self, id: str) -> SendEntry | None:
        """Return the entry afterwards; None where it is unknown, claimed, or not due yet.

        Raises StoreUnavailableError: it comes again when its claim has run out.
        """
        found = await self.sends.get(id)
        if found is None or not self._ours(found.value):
            return found.value if found and found.value.state.final else None
        return await self.take_up(found, identify=True)

    async def take_up(self, found: Versioned[SendEntry], *, identify: bool) -> SendEntry | None:
        """Claim and advance; None where another worker was faster."""
        try:
            entry = await claim(self.sends, self.clock, found)
            await self._go_on(entry, identify=identify)
        except ConflictError:
            return None
        return entry.value

    def _ours(self, entry: SendEntry) -> bool:
        now = self.clock.now()
        queued = entry.bulk_id is not None and entry.next_due_at is None
        return not (entry.state.final or entry.busy(now) or entry.waiting(now) or queued)

    async def _go_on(self, entry: LedgerEntry, *, identify: bool) -> None:
        try:
            connection = await found_connection(self.connections, entry.value.connection_id)
        except PermanentError as error:
            await _given_up(entry, error)
            return

        async def message() -> Composed | None:
            return await self._compose(entry.value, connection)

        advance = Advance(self.gmail, self.queue, self.clock, self.sightings)
        await advance(entry, connection, message, identify=identify)

    async def _compose(self, entry: SendEntry, connection: Connection) -> Composed | None:
        kept = await SealedRequests(self.grants, self.sealer).open(entry)
        if kept is None:
            return None
        compose = Compose(self.gmail.of(connection.id), connection, self.clock)
        return await compose(kept, marker_of(entry, connection))


async def _given_up(entry: LedgerEntry, error: PermanentError) -> None:
    if entry.state is SendState.SUBMITTING:
        await entry.record_unknown("The connection is gone, so the outcome cannot be read.")
    else:
        await entry.record_failure(error.code, str(error))
