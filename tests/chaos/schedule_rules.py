"""The rules of delta, backfill and recovery (DESIGN 4.3, 4.4, 4.6), each with code without it."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from shared.domain.ids import HistoryId, LabelId, MessageId
from shared.domain.sync import plan
from shared.domain.sync.history import HistoryRecord, NetChange
from shared.domain.sync.records.record import QuarantineEntry, RecordHead
from shared.domain.sync.state import Backfill, SyncState
from shared.ports.google.gmail import MessageRef
from shared.usecases.sync import quarantine, sync_mailbox
from shared.usecases.sync.work import backfill, delta, recovery
from shared.usecases.sync.work.backfill import Chunk, read_chunk
from shared.usecases.sync.work.changes import NOT_FOUND, Changes
from shared.usecases.sync.work.recovery import Census
from shared.usecases.sync.work.run import Run
from shared.usecases.sync.work.steps import Removals
from tests.chaos.schedule_model import Found, explored
from tests.chaos.schedule_scenarios import SCENARIOS
from tests.chaos.swapping import swapped

IN_ORDER = 0
"""The length that stands for: these changes in this order."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, the code without it, and the schedules that show why it is there."""

    sentence: str
    owner: Any
    replacements: Mapping[str, Any]
    scenario: str
    ops: tuple[str, ...]
    length: int = 1
    at_once: bool = True
    share: int = 1
    """One schedule in so many shows it as well as all."""
    traits: Mapping[str, Any] = field(default_factory=dict)


def explored_without(rule: Rule) -> Found:
    """Enumerate a rule's schedules on the code without it."""
    with ExitStack() as swaps:
        if rule.owner is not None:
            swaps.enter_context(swapped(rule.owner, rule.replacements))
        return explored_with(rule, **rule.traits)


def explored_with(rule: Rule, **traits: Any) -> Found:
    """Enumerate a rule's schedules on the code as it is."""
    scenario = SCENARIOS[rule.scenario]
    return explored(
        scenario, rule.ops, rule.length, at_once=rule.at_once, share=rule.share, **traits
    )


def _every_label_op(
    change: NetChange, label_ids: frozenset[LabelId], _: HistoryId
) -> frozenset[LabelId]:
    put_on = {label for label, (_, on) in change.label_ops.items() if on}
    return (label_ids | put_on) - (change.label_ops.keys() - put_on)


_set_aside = Changes.set_aside


def _not_found_is_gone(
    changes: Changes, message_id: MessageId, reason: str, entry: QuarantineEntry | None = None
) -> None:
    if reason != NOT_FOUND:
        _set_aside(changes, message_id, reason, entry)


_pass_over = backfill._advance


def _one_pass(chunk: Chunk, *rest: Any) -> Backfill:
    progress = _pass_over(chunk, *rest)
    return replace(progress, finished_at=rest[-1]) if progress.pass_number > 1 else progress


async def _none_left(_: Run, since: HistoryId) -> Removals:
    return Removals(since)


async def _unlisted_is_gone(_: Run, changes: Changes, head: RecordHead) -> None:
    changes.tombstone(head)


_census = recovery._census


async def _anchor_after_listing(run: Run) -> Census:
    census = await _census(run)
    return replace(census, anchor=(await run.gmail.profile()).history_id)


async def _anchor_after_chunk(run: Run) -> None:
    await read_chunk(run)
    top = (await run.gmail.profile()).history_id
    await run.held.commit(lambda state: replace(state, checkpoint=top))


async def _sift_nothing(run: Run, chunk: Chunk, refs: list[MessageRef]) -> None:
    heads = await run.records.heads(run.connection_id, [ref.id for ref in refs])
    chunk.unknown += refs
    chunk.tombstones.update(heads)


_sift = backfill._sift


async def _sift_twice(run: Run, chunk: Chunk, refs: list[MessageRef]) -> None:
    met, chunk.unknown = chunk.unknown, []
    await _sift(run, chunk, refs)
    chunk.unknown[:0] = met


async def _empty_page_is_last(
    run: Run, since: HistoryId, *, whole: bool
) -> tuple[list[HistoryRecord], HistoryId, bool]:
    records: list[HistoryRecord] = []
    page = None
    while True:
        answer = await run.gmail.history(since, page)
        records.extend(answer.records)
        page = answer.next_page
        if page is None or not answer.records:
            return records, answer.history_id, True


_list_history = delta.list_history


async def _cut_short(
    run: Run, since: HistoryId, *, whole: bool
) -> tuple[list[HistoryRecord], HistoryId, bool]:
    records, top, complete = await _list_history(run, since, whole=False)
    return records, top, complete or whole


def _advanced_without_lookback(state: SyncState, to: HistoryId, _: Any) -> SyncState:
    return replace(state, checkpoint=HistoryId(max(to, state.checkpoint or 0)))


async def _skip_the_gap(run: Run) -> None:
    top = (await run.gmail.profile()).history_id
    await run.held.commit(lambda state: replace(state, checkpoint=top, recovering_since=None))


async def _listed_once(_: Run, census: Census, label_id: LabelId) -> None:
    census.unsure.discard(label_id)


_list_again = recovery._list_again


async def _settled_for_less(run: Run, census: Census, label_id: LabelId) -> None:
    with swapped(recovery, {"LISTED_AGAIN": 1}):
        await _list_again(run, census, label_id)
    census.restless.clear()


def _remember_listing(_: Run) -> None:
    """Go on in the middle of the old pass."""


def _deletes_nothing(changes: Changes, change: NetChange, head: RecordHead | None) -> None:
    if head is not None and head.live and not change.deleted:
        labels = change.labels_after(head.label_ids, head.fetched_at_history)
        changes.relabel(head, labels, change.last_history_id)


RULES: Sequence[Rule] = (
    Rule(
        "label changes not above the record's historyId are in it already",
        NetChange,
        {"labels_after": _every_label_op},
        "delta",
        ("star m3",),
        length=3,
    ),
    Rule(
        "a first 404 is no deletion",
        Changes,
        {"set_aside": _not_found_is_gone},
        "delta",
        ("deliver, get late",),
    ),
    Rule(
        "nor is a second: messages.get has to say so for an hour",
        quarantine,
        {"GONE_AFTER": timedelta()},
        "delta",
        ("deliver, get very late", "expire"),  # or the look an hour later would list it again
        length=IN_ORDER,
    ),
    Rule(
        "an empty answer to a promise does not move the checkpoint",
        plan,
        {"RECHECK_LADDER": ()},
        "delta",
        ("deliver, history late",),
    ),
    Rule(
        "from two minutes after a move the next look lists from the checkpoint before it",
        plan,
        {"_advance": _advanced_without_lookback},
        "delta",
        ("deliver, history late", "deliver"),
        length=2,
    ),
    Rule(
        "what is listed from before the checkpoint is listed to its end",
        delta,
        {"list_history": _cut_short},
        "delta",
        ("star m2",),
        length=2,
    ),
    Rule(
        "a page with a token and no history is not the last",
        delta,
        {"list_history": _empty_page_is_last},
        "delta",
        ("deliver",),
        traits={"gaps": True},
    ),
    Rule(
        "a delete record makes a tombstone",
        delta,
        {"_apply_one": _deletes_nothing},
        "delta",
        ("delete m0",),
    ),
    Rule(
        "the anchor comes before the listing",
        sync_mailbox,
        {"read_chunk": _anchor_after_chunk},
        "first sync",
        ("star m2",),
        at_once=False,
    ),
    Rule(
        "a backfill is done only when a whole pass finds nothing unknown",
        backfill,
        {"_advance": _one_pass},
        "first sync",
        ("delete m1", "delete m2"),
    ),
    Rule(
        "a pass that a message left while it was listed is not the last",
        backfill,
        {"removals_since": _none_left},
        "first sync",
        ("delete m1", "deliver", "delete m2"),
        length=IN_ORDER,
    ),
    Rule(
        "a chunk skips what is stored",
        backfill,
        {"_sift": _sift_nothing},
        "reset",
        ("deliver",),
    ),
    Rule(
        "a chunk fetches a message once that is listed twice",
        backfill,
        {"_sift": _sift_twice},
        "recovery",
        ("deliver",),
        length=2,
    ),
    Rule(
        "every listing includes spam and trash",
        None,
        {},
        "first sync",
        ("trash m1",),
        traits={"lists_trash": False},
    ),
    Rule(
        "an expired history is made up for by comparing",
        sync_mailbox,
        {"recover": _skip_the_gap},
        "recovery",
        ("deliver",),
    ),
    Rule(
        "a recovery's anchor comes before its listings",
        recovery,
        {"_census": _anchor_after_listing},
        "recovery",
        ("star m0", "star m2"),
        at_once=False,
    ),
    Rule(
        "absence from a listing is no deletion",
        recovery,
        {"_ask": _unlisted_is_gone},
        "recovery, a message unlisted",
        ("deliver",),
    ),
    Rule(
        "absence from one listing of a label does not take the label off",
        recovery,
        {"_list_again": _listed_once},
        "recovery",
        ("archive m2",),
    ),
    Rule(
        "nor does absence from one that a message left while it was listed",
        recovery,
        {"removals_since": _none_left},
        "recovery",
        ("archive m2",),
        length=3,
        share=4,
    ),
    Rule(
        "where messages keep leaving a label, each that may have slipped is asked for",
        recovery,
        {"_list_again": _settled_for_less},
        "recovery",
        ("archive m2",),
        length=3,
        share=4,
    ),
    Rule(
        "a recovery begins the backfill's pass anew",
        Run,
        {"forget_listing": _remember_listing},
        "first sync",
        ("delete m1", "expire"),
        length=2,
    ),
)
