"""A sync under test: the real use case, SQLite, the real Gmail adapter, the emulated Google."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx

from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.adapters.sqlite.store import open_store
from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.records.record import RecordHead
from shared.domain.sync.state import SyncState
from shared.ports.google.gmail import GmailTopic
from shared.ports.store import Store
from shared.ports.sync_store import RecordQuery
from shared.usecases.follow_address import FollowAddress
from shared.usecases.mailboxes import MailboxDirectory
from shared.usecases.sync.handle_push import NotifyPush
from shared.usecases.sync.outcomes import SyncOutcome
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.watch.events import TellWatch
from shared.usecases.sync.watch.renew import RenewWatches
from shared.usecases.sync.watch.start import StartWatch
from shared.usecases.sync.work.pace import QuotaGovernor
from tests.harness.clock import HurriedClock, SleptClock
from tests.harness.google import EMAIL, PLENTY, Harness, IssuedTokens, emulated_google
from tests.harness.queue import HeldTasks

CONNECTION = ConnectionId("c-ada")
BUDGET = timedelta(minutes=5)
SCOPES = ("https://mail.google.com/",)
TOPIC = GmailTopic("projects/demo/topics/gmail")


@dataclass
class HeldWatch:
    """Stands for a watch that is armed elsewhere; remembers who called."""

    armed: int = 0
    revived: int = 0

    async def __call__(self, connection_id: ConnectionId) -> None:
        """Count."""
        self.armed += 1

    async def restart(self, connection_id: ConnectionId) -> None:
        """Count."""
        self.revived += 1


@dataclass
class SyncHarness(Harness):
    """One mailbox and the system that keeps its copy."""

    store: Store
    queue: HeldTasks
    sync: SyncMailbox
    http: httpx.AsyncClient
    watch: HeldWatch
    tokens: IssuedTokens

    async def gmail(self, method: str, path: str, body: Any = None) -> Any:
        """Call Gmail as the mailbox's owner would, from outside Postroom."""
        return await self.sync.gmail.of(CONNECTION).call(method, path, body=body)

    async def run(self, hint: int | None = None, **options: Any) -> SyncOutcome:
        """Sync once."""
        known = HistoryId(hint) if hint is not None else None
        return await self.sync(CONNECTION, budget=BUDGET, hint=known, **options)

    async def push(self) -> SyncOutcome:
        """Sync as a push about the mailbox's newest change does."""
        return await self.run(self.google.store.history_id(EMAIL), only_live=True)

    @property
    def directory(self) -> MailboxDirectory:
        """Return the mailboxes and their names."""
        return MailboxDirectory(self.store.mailboxes, self.store.mailbox_names)

    def notifying(self) -> NotifyPush:
        """Return what takes a notification, as the push function does."""
        tell = TellWatch(self.store.outbox, self.clock)
        return NotifyPush(self.directory, self.sync, self.clock, tell)

    def arming(self) -> StartWatch:
        """Return what arms the mailbox's watch."""
        store, clock = self.store, self.clock
        follow = FollowAddress(self.directory, store.connections, store.outbox, clock)
        tell = TellWatch(store.outbox, clock)
        gmail = self.sync.gmail
        return StartWatch(store.mailboxes, store.connections, gmail, clock, TOPIC, follow, tell)

    def renewing(self) -> RenewWatches:
        """Return what renews every watch that is due."""
        store = self.store
        return RenewWatches(store.mailboxes, store.connections, self.arming(), self.clock)

    async def settle(self) -> None:
        """Sync, waiting out whatever the state waits for, until only the hourly look is due."""
        for _ in range(60):
            await self.run()
            state = await self.state()
            due = state.next_due_at
            if due is None or due - self.clock.now() > timedelta(minutes=30):
                return
            self.advance(max(due - self.clock.now(), timedelta()))
        raise AssertionError("the sync does not come to rest")

    async def state(self) -> SyncState:
        """Return the stored sync state."""
        found = await self.store.sync_states.get(CONNECTION)
        assert found is not None
        return found.value

    async def heads(self) -> dict[str, RecordHead]:
        """Return every record's head by following the cursor."""
        heads: dict[str, RecordHead] = {}
        query = RecordQuery(limit=500)
        while True:
            page = await self.store.records.page(CONNECTION, query)
            for record in page.records:
                assert record.head.sequence > query.after
                heads[record.head.message_id] = record.head
            if page.last is None:
                return heads
            query = RecordQuery(after=page.last, limit=500)

    async def stored(self) -> dict[str, frozenset[str]]:
        """Return the labels of every live record."""
        return {
            id: frozenset(head.label_ids) for id, head in (await self.heads()).items() if head.live
        }

    def mailbox(self, since: datetime | None = None) -> dict[str, frozenset[str]]:
        """Return what the mailbox truly holds."""
        start = since.timestamp() * 1000 if since else 0
        return {
            message["id"]: frozenset(message["labelIds"])
            for message in self.google.store.messages(EMAIL)
            if int(message["internalDate"]) >= start
        }


@asynccontextmanager
async def sync_harness(
    *,
    store: Store | None = None,
    directory: Path | None = None,
    units: int = PLENTY,
    pace: int = PLENTY,
    clock: HurriedClock | SleptClock | None = None,
) -> AsyncIterator[SyncHarness]:
    """Open a connected mailbox; its first sync has not run, unless `directory` holds one that has.

    `units` are what Google allows a minute, `pace` what Postroom spends of that at most.
    Both the mailbox and the store are files in `directory`, where one is given.
    """
    clock, queue, watch = clock or HurriedClock(), HeldTasks(), HeldWatch()
    state = str(directory / "google.sqlite") if directory else ":memory:"
    opened = store or open_store(directory / "store.sqlite" if directory else ":memory:", clock)
    with emulated_google(EMAIL, units=units, state=state) as (google, transport):
        async with httpx.AsyncClient(transport=transport) as http:
            tokens = IssuedTokens(google, SCOPES)
            gmail = HttpGmailMailboxes(http, tokens, clock, "http://google.test")
            sync = SyncMailbox(
                states=opened.sync_states,
                records=opened.records,
                quarantine=opened.quarantine,
                outbox=opened.outbox,
                operations=opened.operations,
                gmail=gmail,
                queue=queue,
                clock=clock,
                start_watch=cast("StartWatch", watch),
                governor=QuotaGovernor(
                    opened.connections,
                    opened.google_users,
                    opened.sync_states,
                    clock,
                    UnitsPerMinute(pace),
                ),
            )
            now = datetime.now(UTC)
            if await opened.sync_states.get(CONNECTION) is None:
                fresh = SyncState(CONNECTION, next_due_at=now, delta_due_at=now)
                await opened.sync_states.create(fresh)
            yield SyncHarness(google, clock, opened, queue, sync, http, watch, tokens)
            await opened.close()
