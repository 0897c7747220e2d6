"""An emulated Google on virtual time, and settings on it one after the other."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from infra.local.google.faults import Fault, Faults
from infra.local.google.parts import Google, assemble
from infra.local.google.settings import GoogleSettings
from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.adapters.sqlite.store import open_store
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import GoogleSub, first_mailbox_id
from shared.domain.sync.mailbox import GoogleUser, Mailbox
from shared.domain.sync.state import SyncState
from shared.ports.store import Store
from tests.chaos.harness import ChaosHarness
from tests.chaos.owner import Owner
from tests.chaos.reader import CursorReader
from tests.chaos.trouble import SCOPES, HeldSends, ShakyTasks, TokenSource
from tests.chaos.virtual import StraightTransport, VirtualClock
from tests.chaos.witness import WitnessedStates
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, HeldWatch


@dataclass
class SharedGoogle:
    """An emulated Google that many tests in a row use: its key takes long to make."""

    clock: VirtualClock
    google: Google
    http: httpx.AsyncClient
    transport: StraightTransport
    struck: Counter[str]
    """How often each fault of the emulated Google struck."""

    @asynccontextmanager
    async def harness(self, store: Store | None = None) -> AsyncIterator[ChaosHarness]:
        """Open a connected mailbox, empty at both ends, whose first sync has not run."""
        self.google.faults.clear()
        self.transport.behave()
        self.google.store.on_change.clear()
        self.google.store.delete_all()
        self.google.store.create_mailbox(EMAIL)
        opened = store or open_store(":memory:", self.clock)
        harness = self._harness(opened)
        await _connected(harness)
        harness.restart()
        self.google.store.on_change.append(lambda _email, at: harness.pushes.append(at))
        yield harness
        if store is None:
            await opened.close()

    def _harness(self, store: Store) -> ChaosHarness:
        caller_tokens = TokenSource(self.google)
        gmail = HttpGmailMailboxes(self.http, caller_tokens, self.clock, "http://google.test")
        return ChaosHarness(
            google=self.google,
            store=store,
            clock=self.clock,
            queue=ShakyTasks(),
            sync=None,  # type: ignore[arg-type]
            http=self.http,
            watch=HeldWatch(),
            tokens=None,  # type: ignore[arg-type]
            owner=Owner(self.google.store, EMAIL, self.clock),
            witness=WitnessedStates(store.sync_states, store.records, self.clock),
            gmail_mailboxes=gmail,
            reader=CursorReader(store),
            follower=CursorReader(store),
            caller_tokens=caller_tokens,
            transport=self.transport,
            sends=HeldSends(store.sends),
            bulks=HeldSends(store.bulk_sends),
        )


@asynccontextmanager
async def open_shared_google() -> AsyncIterator[SharedGoogle]:
    """Open an emulated Google on virtual time."""
    clock = VirtualClock()
    settings = GoogleSettings(push_endpoint=None, units_per_minute=10**9)
    google = assemble(settings)
    google.clock.now = clock.now  # type: ignore[method-assign]
    transport = StraightTransport(google, clock)
    async with httpx.AsyncClient(transport=transport) as http:
        yield SharedGoogle(clock, google, http, transport, counting(google.faults))
    google.close()


async def _connected(harness: ChaosHarness) -> None:
    store, now = harness.store, harness.clock.now()
    sub, connections = GoogleSub("sub-ada"), frozenset({CONNECTION})
    await store.connections.create(
        Connection(CONNECTION, EMAIL, sub, SCOPES, ConnectionStatus.ACTIVE, now, now)
    )
    await store.google_users.create(GoogleUser(sub, connections))
    await store.mailboxes.create(Mailbox(first_mailbox_id(EMAIL), connections))
    state = SyncState(CONNECTION, next_due_at=now, delta_due_at=now, followed=True)
    await store.sync_states.create(state)


def counting(faults: Faults) -> Counter[str]:
    """Return a count that grows whenever a fault strikes."""
    struck: Counter[str] = Counter()
    take = faults.take

    def counted(fault: str, method: str, email: str | None) -> Fault | None:
        found = take(fault, method, email)
        struck[fault] += found is not None
        return found

    faults.take = counted  # type: ignore[method-assign]
    return struck
