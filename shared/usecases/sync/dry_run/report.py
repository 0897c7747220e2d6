"""What a dry run came to, in words and counts; of records only the names of fields."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from shared.domain.models.record import ModelRecord, fields_of
from shared.domain.sync.state import Tally
from shared.usecases.sync.dry_run.overlay import SeenCommit
from shared.usecases.sync.dry_run.recorders import SeenRequest


def sums(commits: Sequence[SeenCommit], requests: Sequence[SeenRequest]) -> str:
    """Return what the whole run would save and delete, and what it asked."""
    total = sum((one for seen in commits for one in tallies(seen).values()), Tally())
    units = sum(one.units or 0 for one in requests)
    return (
        f"would save {_many(total.added, 'new record')} and "
        f"{_many(total.updated, 'changed one')}, and delete {total.deleted}: "
        f"{_many(len(commits), 'page')}, {_many(len(requests), 'request')}, "
        f"{_many(units, 'quota unit')}. Nothing was stored."
    )


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
    names = sorted({name for pair in pairs for name in _change(*pair)})
    found = [f"changed: {' '.join(names)}"] if names else []
    before, after = seen.before, seen.after
    if before.checkpoint != after.checkpoint:
        found.append(f"checkpoint {as_text(before.checkpoint)} -> {as_text(after.checkpoint)}")
    if before.after != after.after:
        found.append(f"messages up to {after.after}")
    return found


def _change(record: ModelRecord, before: ModelRecord) -> Sequence[str]:
    now, was = fields_of(record), fields_of(before)
    return [name for name in {*now, *was} if now.get(name) != was.get(name)]


def as_text(value: Any) -> str:
    """Return a record or checkpoint as JSON."""
    return orjson.dumps(value).decode()


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
