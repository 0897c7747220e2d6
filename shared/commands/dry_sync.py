"""A sync's run over the deployment's records, of which nothing is stored.

It reads Google as the sync does, and what is stored; its state, records, quarantine and events are
written to a store in memory that lies over the deployment's own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from shared.actions.present import READY
from shared.actions.syncs import OwnSync, OwnSyncs, own_syncs
from shared.adapters.sqlite.store import open_store
from shared.commands.dry_container import SeenCall, dry_container
from shared.commands.overlay import OverRecords, SeenCommit, ShownCommits
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.domain.models.record import ModelRecord, fields_of
from shared.domain.models.state import state_id
from shared.domain.sync.event import UnknownSyncError
from shared.domain.sync.state import SyncStatus, Tally
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings
from shared.errors import InvalidRequestError
from shared.ports.clock import Clock
from shared.ports.google.apis import GoogleApis
from shared.ports.model_store import ModelRecords, ModelSyncs
from shared.ports.queue import Task
from shared.ports.store import Store
from shared.ports.sync_store import SyncStates
from shared.usecases.sync.models.run_sync import Ran, RunSync

BUDGET: Final = timedelta(minutes=10)
"""Of a slice: a sync that commits goes on in the next."""
MOST_SLICES: Final = 100


@dataclass(frozen=True, slots=True)
class WatchedApis:
    """Google's other APIs, each request told without its query."""

    inner: GoogleApis
    tell: Callable[[SeenCall], None]

    async def request(
        self,
        connection_id: ConnectionId,
        method: str,
        url: str,
        *,
        query: Mapping[str, str],
        body: Any = None,
    ) -> Any:
        """Pass on: of own syncs all requests are reads."""
        parts = urlsplit(url)
        self.tell(SeenCall(method, f"{parts.hostname}{parts.path}", None, 0))
        return await self.inner.request(connection_id, method, url, query=query, body=body)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One sync of one connection, run to its end with nothing stored."""

    row: OwnSync
    connection: Connection
    container: AutowiredContainer
    memory: Store

    async def __call__(self) -> str | None:
        """Return why it failed, None where it ended well. Raises InvalidRequestError."""
        runner, clock = self.container.use(RunSync), self.container.use(Clock)
        for slice_ in range(MOST_SLICES):
            ran = await runner(self.connection.id, self.row.name, budget=BUDGET, wake=not slice_)
            if not isinstance(ran, Ran):
                raise InvalidRequestError(f"{self.row.name}: newer code than this has run.")
            if ran.error is not None:
                return f"{ran.error}: {await self._error_site() or 'an error of the run'}"
            if ran.due is None or ran.due > clock.now():
                return None
        return f"It had not ended after {MOST_SLICES} slices."

    async def _error_site(self) -> str | None:
        found = await self.memory.model_syncs.get(state_id(self.connection.id, self.row.name))
        return None if found is None else found.value.error_site


@dataclass
class SyncReport:
    """What is printed while the sync runs; what records hold only where `show` says so."""

    show: bool = False
    calls: list[SeenCall] = field(default_factory=list)
    commits: list[SeenCommit] = field(default_factory=list)

    def call(self, seen: SeenCall) -> None:
        """Print one request: method, path, units; never its query or content."""
        self.calls.append(seen)
        units = "" if seen.units is None else f"{seen.units} units"
        status = "" if seen.status is None else f"answered {seen.status}"
        print(f"{seen.method:<6} {seen.path:<44} {units:>10}  {status}".rstrip(), flush=True)

    def commit(self, seen: SeenCommit) -> None:
        """Print one commit: what would be saved and deleted, fields that change, the checkpoint."""
        self.commits.append(seen)
        counts = [f"{model} {_counted(tally)}" for model, tally in tallies(seen).items()]
        places = _places(seen)
        print(f"COMMIT {', '.join((*counts, *places)) or 'nothing'}", flush=True)
        for one in seen.poisoned:
            print(f"  set aside {one.key}: {one.reason}")
        for record, before in seen.saved if self.show else ():
            print(f"  {'~' if before else '+'} {record.head.model} {_text(fields_of(record))}")
        for head in seen.ended if self.show else ():
            print(f"  - {head.model} {_text({'id': head.id})}")

    def end(self, row: OwnSync, error: str | None) -> None:
        """Print the sums."""
        total = sum((one for seen in self.commits for one in tallies(seen).values()), Tally())
        units = sum(one.units or 0 for one in self.calls)
        print(
            f"{row.name} would save {_many(total.added, 'new record')} and "
            f"{_many(total.updated, 'changed one')}, and delete {total.deleted}: "
            f"{_many(len(self.commits), 'page')}, {_many(len(self.calls), 'request')}, "
            f"{_many(units, 'quota unit')}. Nothing was stored."
        )
        if error is not None:
            print(f"It failed: {error}")


def tallies(seen: SeenCommit) -> Mapping[str, Tally]:
    """Return what the commit does to records, by model."""
    found: dict[str, Tally] = {}
    for record, before in seen.saved:
        one = Tally(updated=1) if before else Tally(added=1)
        found[record.head.model] = found.get(record.head.model, Tally()) + one
    for head in seen.ended:
        found[head.model] = found.get(head.model, Tally()) + Tally(deleted=1)
    return found


def sync_to_rehearse(settings: Settings, name: str) -> OwnSync:
    """Return the sync, also a ready one that is not switched on. Raises UnknownSyncError."""
    syncs = own_syncs((*settings.syncs, *(one for one in READY if one not in settings.syncs)))
    if (row := syncs.get(name)) is None:
        names = ", ".join(one.name for one in syncs.rows)
        raise UnknownSyncError(f"There is no own sync {name!r}: there are {names}.")
    return row


async def rehearsal(
    settings: Settings,
    connection: Connection,
    row: OwnSync,
    report: SyncReport,
    *,
    from_start: bool,
) -> Rehearsal:
    """Return the run to make: from the stored checkpoint, or from the start.

    Raises InvalidRequestError where the connection is not active.
    """
    if connection.status is not ConnectionStatus.ACTIVE:
        raise InvalidRequestError(f"The connection is {connection.status.value}: no sync runs.")
    container = await dry_container(settings, connection, report.call, _keep_quiet)
    memory = open_store(":memory:", container.use(Clock))
    container.at_close(memory.close)
    states, mail = container.use(ModelSyncs), container.use(SyncStates)
    if (mailbox := await mail.get(connection.id)) is not None:
        await memory.sync_states.create(mailbox.value)
    if (stored := await states.get(state_id(connection.id, row.name))) is not None:
        free = replace(stored.value, status=SyncStatus.RUNNING, lease=None, deferred_until=None)
        now = container.use(Clock).now()
        await memory.model_syncs.create(free.afresh(now) if from_start else free)
    records = OverRecords(container.use(ModelRecords), memory.model_records)
    container.bind(OwnSyncs, OwnSyncs((row,)))
    container.bind(SyncStates, memory.sync_states)
    container.bind(ModelRecords, records)
    container.bind(ModelSyncs, ShownCommits(memory.model_syncs, records, report.commit))
    container.bind(GoogleApis, WatchedApis(container.use(GoogleApis), report.call))
    return Rehearsal(row, connection, container, memory)


def _keep_quiet(_task: Task) -> None:
    """Show no task: the next slice is run here."""


def _counted(tally: Tally) -> str:
    return f"+{tally.added} ~{tally.updated} -{tally.deleted}"


def _places(seen: SeenCommit) -> Sequence[str]:
    """Return in words what moved: fields that change, the checkpoint, the last message seen."""
    names = sorted(
        {name for record, before in seen.saved if before for name in _changed(record, before)}
    )
    found = [f"changed: {' '.join(names)}"] if names else []
    before, after = seen.before, seen.after
    if before.checkpoint != after.checkpoint:
        found.append(f"checkpoint {_text(before.checkpoint)} -> {_text(after.checkpoint)}")
    if before.after != after.after:
        found.append(f"messages up to {after.after}")
    return found


def _changed(record: ModelRecord, before: ModelRecord) -> Sequence[str]:
    now, was = fields_of(record), fields_of(before)
    return [name for name in {*now, *was} if now.get(name) != was.get(name)]


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
