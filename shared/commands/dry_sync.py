"""What a sync would do to what is stored, printed while it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import orjson

from shared.actions.syncs import any_own_sync
from shared.domain.connect.connection import Connection
from shared.domain.models.record import ModelRecord, fields_of
from shared.domain.sync.state import Tally
from shared.edge.composition.container import AutowiredContainer
from shared.usecases.sync.rehearsal.overlay import SeenCommit
from shared.usecases.sync.rehearsal.rehearse import Rehearsed, RehearseSync
from shared.usecases.sync.rehearsal.watched import SeenRequest

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
    rehearse = container.use(RehearseSync)
    ended = await rehearse(connection, row, report.tell, from_start=from_start, budget=BUDGET)
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
            print(f"  {'~' if before else '+'} {record.head.model} {_text(fields_of(record))}")
        for head in seen.ended if self.show else ():
            print(f"  - {head.model} {_text({'id': head.id})}")

    def end(self, name: str, ended: Rehearsed) -> None:
        """Print the sums, and how it ended."""
        total = sum((one for seen in self.commits for one in tallies(seen).values()), Tally())
        units = sum(one.units or 0 for one in self.requests)
        print(
            f"{name} would save {_many(total.added, 'new record')} and "
            f"{_many(total.updated, 'changed one')}, and delete {total.deleted}: "
            f"{_many(len(self.commits), 'page')}, {_many(len(self.requests), 'request')}, "
            f"{_many(units, 'quota unit')}. Nothing was stored."
        )
        if ended.error is not None:
            print(f"It failed with {ended.error}. {ended.site or ''}".rstrip())
        elif not ended.whole:
            print("It had not come to its end when time was up.")


def tallies(seen: SeenCommit) -> Mapping[str, Tally]:
    """Return what a commit does to records, by model."""
    found: dict[str, Tally] = {}
    for record, before in seen.saved:
        one = Tally(updated=1) if before else Tally(added=1)
        found[record.head.model] = found.get(record.head.model, Tally()) + one
    for head in seen.ended:
        found[head.model] = found.get(head.model, Tally()) + Tally(deleted=1)
    return found


def in_words(seen: SeenCommit) -> str:
    """Return counts by model, the names of fields that change, and where the sync would go on."""
    counts = [
        f"{model} +{one.added} ~{one.updated} -{one.deleted}"
        for model, one in tallies(seen).items()
    ]
    return ", ".join((*counts, *_places(seen))) or "nothing"


def _places(seen: SeenCommit) -> Sequence[str]:
    pairs = [(record, before) for record, before in seen.saved if before is not None]
    names = sorted({name for pair in pairs for name in _changed(*pair)})
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
