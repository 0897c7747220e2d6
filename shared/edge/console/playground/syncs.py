"""The playground's page of syncs: one runs on a mailbox, and what it would do is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from shared.actions.loading import ready_sync
from shared.actions.present import READY
from shared.actions.syncs import any_own_sync, own_syncs
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.models.record import fields_of
from shared.edge.console.layout.pages import ConsoleRequest, change, page
from shared.edge.console.layout.paging import find_connection
from shared.edge.settings.deployment import Settings
from shared.errors import InvalidRequestError
from shared.ports.connections import ConnectionQuery, Connections
from shared.usecases.sync.dry_run.overlay import SeenCommit
from shared.usecases.sync.dry_run.recorders import SeenRequest
from shared.usecases.sync.dry_run.report import as_text, in_words, sums
from shared.usecases.sync.dry_run.run_dry import DryRunResult, DryRunSync

PATH: Final = "/console/playground/syncs"
OFFERED: Final = 50
BUDGET: Final = timedelta(seconds=30)
"""A person waits for it; `make dryrun SYNC=` takes as long as it takes."""
MOST_RECORDS: Final = 50
MOST_LINES: Final = 200


@dataclass
class Seen:
    """What a run told: lines of its requests and commits, and the first records."""

    commits: list[SeenCommit] = field(default_factory=list)
    requests: list[SeenRequest] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)

    def tell(self, seen: SeenRequest | SeenCommit) -> None:
        """Keep a request, or what a commit would write."""
        if isinstance(seen, SeenRequest):
            self.requests.append(seen)
            self._line(f"{seen.method} {seen.path}")
            return
        self.commits.append(seen)
        self._line(f"COMMIT {in_words(seen)}")
        for one in seen.poisoned:
            self._line(f"set aside {one.key}: {one.reason}")
        for record, before in seen.saved:
            mark = "~" if before else "+"
            self._record(f"{mark} {record.head.model} {as_text(fields_of(record))}")
        for head in seen.ended:
            self._record(f"- {head.model} {head.id}")

    def _line(self, text: str) -> None:
        if len(self.lines) < MOST_LINES:
            self.lines.append(text)

    def _record(self, text: str) -> None:
        if len(self.records) < MOST_RECORDS:
            self.records.append(text)


async def show_syncs(console: ConsoleRequest) -> Response:
    """Return the choice of a sync and a connection."""
    return await _page(console)


async def run_sync_dry(console: ConsoleRequest) -> Response:
    """Run the sync with nothing stored, and show what it would have done.

    Raises UnknownSyncError, InvalidRequestError.
    """
    row = any_own_sync(console.field("sync")[:200], console.use(Settings).syncs)
    connection = await _connection(console)
    from_start, seen = console.field("from") == "start", Seen()
    ended = await console.use(DryRunSync)(
        connection, row, seen.tell, from_start=from_start, budget=BUDGET
    )
    return await _page(console, seen, ended)


async def _connection(console: ConsoleRequest) -> Connection:
    found = await find_connection(console, console.field("connection")[:200].strip())
    if found is None:
        raise InvalidRequestError(
            "Name the connection by its id, or by an address that only one connection has."
        )
    return found


async def _page(
    console: ConsoleRequest, seen: Seen | None = None, ended: DryRunResult | None = None
) -> Response:
    query = ConnectionQuery(status=ConnectionStatus.ACTIVE, limit=OFFERED)
    return console.page(
        "sync_dry_run.html",
        title="Playground: syncs",
        nav="playground",
        syncs=_names(console.use(Settings).syncs),
        connections=await console.use(Connections).find(query),
        chosen_sync=console.field("sync")[:200] or console.query("sync"),
        chosen_connection=console.field("connection")[:200] or console.query("connection"),
        from_start=console.field("from") == "start",
        seen=seen,
        ended=ended,
        sums=sums(seen.commits, seen.requests) if seen else "",
    )


def _names(ready: Sequence[str]) -> Sequence[str]:
    """Return the syncs served, then the ready ones that are not switched on."""
    served = [one.name for one in own_syncs(ready).rows]
    others = (ready_sync(name).name for name in READY)
    return [*served, *(name for name in others if name not in served)]


ROUTES = (
    page(PATH, show_syncs, "Syncs to try"),
    change(PATH, run_sync_dry, "dry-run a sync"),
)
