"""What a sync would do to what is stored, printed while it runs."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from shared.actions.syncs import any_own_sync
from shared.domain.connect.connection import Connection
from shared.domain.models.record import fields_of
from shared.edge.composition.container import AutowiredContainer
from shared.usecases.sync.dry_run.overlay import SeenCommit
from shared.usecases.sync.dry_run.recorders import SeenRequest
from shared.usecases.sync.dry_run.report import as_text, in_words, sums
from shared.usecases.sync.dry_run.run_dry import DryRunResult, DryRunSync

BUDGET: Final = timedelta(hours=1)


async def dryrun_sync(
    container: AutowiredContainer,
    connection: Connection,
    name: str,
    *,
    from_start: bool,
    show: bool,
) -> bool:
    """Run the sync and print what it would do; return whether it ended well.

    Raises UnknownSyncError, InvalidRequestError.
    """
    row, report = any_own_sync(name, container.settings.syncs), SyncReport(show)
    run_dry = container.use(DryRunSync)
    ended = await run_dry(connection, row, report.tell, from_start=from_start, budget=BUDGET)
    report.end(name, ended)
    return ended.whole


@dataclass
class SyncReport:
    """What is printed; what records hold only where `show` says so."""

    show: bool = False
    requests: list[SeenRequest] = field(default_factory=list)
    commits: list[SeenCommit] = field(default_factory=list)

    def tell(self, seen: SeenRequest | SeenCommit) -> None:
        """Print a request, or what a commit would write."""
        if isinstance(seen, SeenCommit):
            self._commit(seen)
        else:
            self._request(seen)

    def _request(self, seen: SeenRequest) -> None:
        self.requests.append(seen)
        units = "" if seen.units is None else f"{seen.units} units"
        print(f"{seen.method:<6} {seen.path:<44} {units:>10}".rstrip(), flush=True)

    def _commit(self, seen: SeenCommit) -> None:
        self.commits.append(seen)
        print(f"COMMIT {in_words(seen)}", flush=True)
        for one in seen.poisoned:
            print(f"  set aside {one.key}: {one.reason}")
        for record, before in seen.saved if self.show else ():
            print(f"  {'~' if before else '+'} {record.head.model} {as_text(fields_of(record))}")
        for head in seen.ended if self.show else ():
            print(f"  - {head.model} {as_text({'id': head.id})}")

    def end(self, name: str, ended: DryRunResult) -> None:
        """Print the sums, and how it ended."""
        print(f"{name} {sums(self.commits, self.requests)}")
        if ended.error is not None:
            print(f"It failed with {ended.error}. {ended.site or ''}".rstrip())
        elif not ended.whole:
            print("It had not come to its end when time was up.")
