"""Own syncs under test: the real use cases beside a real mailbox sync."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.adapters.environment_secrets import EnvironmentSecrets
from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import MAIL
from shared.domain.ids import ConnectionId
from shared.domain.models.record import fields_of
from shared.domain.models.state import ModelSyncState, state_id
from shared.domain.models.sync import OwnSync, OwnSyncs
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.domain.sync.records.record import LastAction
from shared.ports.model_store import ModelQuery
from shared.ports.outside import OutsideHttp
from shared.ports.store import Store
from shared.usecases.own_code.reach import OwnReach
from shared.usecases.sync.models.adopt import AdoptSync
from shared.usecases.sync.models.control import ControlModels
from shared.usecases.sync.models.own import RunOwnCode
from shared.usecases.sync.models.reading import OwnPaces
from shared.usecases.sync.models.run_sync import NotRun, Ran, RunSync
from shared.usecases.sync.models.wake import RunSyncs
from tests.harness.google import PLENTY
from tests.harness.outside import Host
from tests.harness.samples import a_connection
from tests.harness.syncing import BUDGET, CONNECTION, SyncHarness, sync_harness

Rows = Mapping[str, Mapping[str, Any]]


@dataclass
class GivenApis:
    """Google's other APIs: answers that a test gives, in order."""

    answers: list[Any] = field(default_factory=list)
    asked: list[Mapping[str, str]] = field(default_factory=list)

    async def request(
        self,
        connection_id: ConnectionId,
        method: str,
        url: str,
        *,
        query: Mapping[str, str],
        body: Any = None,
    ) -> Any:
        """Answer, or raise, what comes next."""
        self.asked.append(query)
        found = self.answers.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found


@dataclass
class Reader:
    """Follows one model by its numbers, and fails where one is skipped or comes again."""

    store: Store
    model: str
    after: Any = 0
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    async def catch_up(self) -> Rows:
        """Return what it holds by now."""
        while True:
            query = ModelQuery(self.model, after=self.after, limit=7)
            page = await self.store.model_records.page(CONNECTION, query)
            for record in page.records:
                assert record.head.sequence > self.after
                self.after = record.head.sequence
                self.rows.pop(record.head.id, None)
                if record.head.last_action is not LastAction.DELETED:
                    self.rows[record.head.id] = fields_of(record)
            if page.last is None:
                return self.rows
            self.after = page.last


@dataclass
class ModelHarness:
    """One mailbox with its own syncs."""

    mail: SyncHarness
    runner: RunSync
    control: ControlModels
    apis: GivenApis
    outside: Host = field(default_factory=lambda: Host({}))

    def host(self, answer: Any, status: int = 200) -> Host:
        """Have hosts beside Google's answer this; return what they are asked."""
        self.outside.answer, self.outside.status = answer, status
        return self.outside

    @property
    def store(self) -> Store:
        """Where everything is kept."""
        return self.mail.store

    async def run(self, name: str, *, wake: bool = True, **options: Any) -> Ran | NotRun:
        """Run one sync now."""
        given = {"budget": BUDGET, **options}
        return await self.runner(CONNECTION, name, wake=wake, **given)

    async def run_due(self) -> None:
        """Run every sync as its task would, until none is due at once."""
        runs = RunSyncs(self.runner.syncs, self.runner)
        await runs(CONNECTION, wake=True, budget=BUDGET)

    async def state(self, name: str) -> ModelSyncState:
        """Return the stored state of a sync."""
        found = await self.store.model_syncs.get(state_id(CONNECTION, name))
        assert found is not None
        return found.value

    async def rows(self, model: str) -> dict[str, Mapping[str, Any]]:
        """Return the live records of a model by id."""
        found: dict[str, Mapping[str, Any]] = {}
        query = ModelQuery(model, limit=10_000)
        page = await self.store.model_records.page(CONNECTION, query)
        for record in page.records:
            if record.head.live:
                found[record.head.id] = fields_of(record)
        return found

    def reader(self, model: str) -> Reader:
        """Return one who follows a model."""
        return Reader(self.store, model)

    async def events(self, name: str) -> list[Mapping[str, Any]]:
        """Return the bodies told of a sync, oldest first."""
        found = await self.store.outbox.list(state=None, connection_id=CONNECTION, limit=500)
        return [one.payload for one in reversed(found) if one.payload.get("syncName") == name]

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.mail.clock.advance(by)


def runner_of(
    mail: SyncHarness, apis: GivenApis, *rows: OwnSync, outside: OutsideHttp | None = None
) -> RunSync:
    """Return the use case over the mailbox's own store."""
    store, clock, syncs = mail.store, mail.clock, OwnSyncs(rows)
    reach = OwnReach(apis, outside or Host({}), EnvironmentSecrets())
    paces = OwnPaces(store.sync_states, clock, UnitsPerMinute(PLENTY))
    return RunSync(
        syncs=syncs,
        states=store.model_syncs,
        records=store.model_records,
        messages=store.records,
        mail_states=store.sync_states,
        connections=store.connections,
        outbox=store.outbox,
        operations=store.operations,
        own=RunOwnCode(mail.sync.gmail, reach, paces),
        adopt=AdoptSync(store.model_syncs, store.sync_states, store.connections, clock),
        governor=mail.sync.governor,
        queue=mail.queue,
        clock=clock,
    )


@asynccontextmanager
async def model_harness(
    *rows: OwnSync, store: Store | None = None, directory: Path | None = None, **changes: Any
) -> AsyncIterator[ModelHarness]:
    """Open a connected mailbox with these syncs; nothing has run."""
    async with sync_harness(store=store, directory=directory) as mail:
        connection: Connection = a_connection(
            CONNECTION, **{"scopes": frozenset({MAIL}), **changes}
        )
        await mail.store.connections.create(connection)
        apis, outside = GivenApis(), Host({})
        runner = runner_of(mail, apis, *rows, outside=outside)
        control = ControlModels(runner.syncs, runner.states, runner.adopt, mail.queue, mail.clock)
        yield ModelHarness(mail, runner, control, apis, outside)
