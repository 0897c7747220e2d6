"""A sync under test: the real use case, SQLite, the real Gmail adapter, the emulated Google."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import httpx

from infra.local.google.app import create_app
from infra.local.google.parts import Google
from infra.local.google.settings import GoogleSettings
from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import AdjustableClock
from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.record import RecordHead
from shared.domain.sync.state import SyncState
from shared.ports.queue import Task
from shared.ports.store import Store
from shared.ports.sync_store import RecordQuery
from shared.usecases.sync.pace import QuotaGovernor
from shared.usecases.sync.sync_mailbox import SyncMailbox, SyncOutcome
from shared.usecases.sync.watch import StartWatch

EMAIL = "ada@acme.example"
CONNECTION = ConnectionId("c-ada")
BUDGET = timedelta(minutes=5)


@dataclass
class HeldTasks:
    """A queue that only keeps what it is given."""

    tasks: list[Task] = field(default_factory=list)

    async def enqueue(self, task: Task) -> None:
        """Keep the task."""
        self.tasks.append(task)


@dataclass
class HeldWatch:
    """Stands for a watch that is armed elsewhere; remembers who called."""

    armed: int = 0
    revived: int = 0

    async def __call__(self, connection_id: ConnectionId) -> None:
        """Count."""
        self.armed += 1

    async def revive(self, connection_id: ConnectionId) -> None:
        """Count."""
        self.revived += 1


@dataclass
class House:
    """One mailbox and the system that keeps its copy."""

    google: Google
    store: Store
    clock: AdjustableClock
    queue: HeldTasks
    sync: SyncMailbox
    http: httpx.AsyncClient
    watch: HeldWatch

    def deliver(self, subject: str = "Hello", **headers: str) -> str:
        """Deliver a mail; answer its message id."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "bob@x.example", EMAIL, subject
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(f"The body of {subject}.")
        return self.google.store.deliver(EMAIL, mail.as_bytes(), internal_date=self.clock.now()).id

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

    def advance(self, step: timedelta) -> None:
        """Let time pass for both."""
        self.clock.advance(step)
        self.google.clock.advance(step.total_seconds())

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

    def units(self) -> int:
        """Return the quota units spent so far."""
        total: int = self.google.stats.as_json()["units"]
        return total


@asynccontextmanager
async def open_house(
    *, store: Store | None = None, directory: Path | None = None, units: int = 10**9
) -> AsyncIterator[House]:
    """Open a connected mailbox; its first sync has not run, unless `directory` holds one that has.

    Both the mailbox and the store are files in `directory`, where one is given.
    """
    clock = AdjustableClock()
    state = str(directory / "google.sqlite") if directory else ":memory:"
    app = create_app(GoogleSettings(state=state, push_endpoint=None, units_per_minute=units))
    google: Google = app.state.google
    google.store.create_mailbox(EMAIL)
    scopes = ["https://mail.google.com/"]

    async def token(connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        return google.grants.new_access_token(EMAIL, scopes, clock.now().timestamp())

    issued = await token(CONNECTION)

    async def same_token(connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        return issued if rejected is None else await token(CONNECTION)

    opened = store or open_store(directory / "store.sqlite" if directory else ":memory:", clock)
    queue = HeldTasks()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport) as http:
        gmail = HttpGmailMailboxes(http, same_token, clock, "http://google.test")
        watch = HeldWatch()
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
                UnitsPerMinute(10**9),
            ),
        )
        now = datetime.now(UTC)
        if await opened.sync_states.get(CONNECTION) is None:
            fresh = SyncState(CONNECTION, next_due_at=now, delta_due_at=now)
            await opened.sync_states.create(fresh)
        yield House(google, opened, clock, queue, sync, http, watch)
        await opened.close()
