"""Recovery from an expired history, and audit: compare by listing, not by fetching (DESIGN 4.6).

A message never changes but for its labels. So the window's ids and the ids under each label say
all that can have changed; unknown ids become a backfill, and a tombstone needs a 404 on a get.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain.ids import HistoryId, LabelId, MessageId, ThreadId
from shared.domain.sync.records.record import EndReason, Origin, RecordHead
from shared.domain.sync.state import Backfill, SyncState
from shared.errors import GmailNotFoundError
from shared.ports.sync_store import COMMIT_BYTES
from shared.usecases.sync.work.changes import Changes
from shared.usecases.sync.work.lease import Change
from shared.usecases.sync.work.pace import Units
from shared.usecases.sync.work.run import Run
from shared.usecases.sync.work.steps import list_window, removals_since

CHANGES_AT_ONCE = 300
LISTED_AGAIN = 5
"""How often a label is listed again at most, while messages leave it or each time shows more."""


@dataclass(slots=True)
class Census:
    """The mailbox's window as listed right after the anchor was taken."""

    anchor: HistoryId
    refs: Mapping[MessageId, ThreadId]
    labels: defaultdict[MessageId, set[LabelId]]
    named: frozenset[LabelId]
    """Labels that labels.list names; others stay on records as they are."""
    left_out: frozenset[MessageId]
    """Messages under a label that the connection excludes."""
    unsure: set[LabelId]
    """Labels listed once, on several pages: a message may have slipped between two of them."""
    restless: set[LabelId] = field(default_factory=set)
    """Labels that messages kept leaving while they were listed: only a get can tell."""

    @property
    def wanted(self) -> int:
        """How many of the listed messages are to be stored."""
        return len(self.refs) - len(self.left_out)


@dataclass(slots=True)
class Comparison:
    """What the comparison found, as commits; `known` counts the stored ids that were listed."""

    commits: list[Changes]
    known: int = 0

    @property
    def updated(self) -> int:
        """How many records had other labels."""
        return sum(changes.updated for changes in self.commits)

    @property
    def deleted(self) -> int:
        """How many records are of messages that are gone."""
        return sum(changes.deleted for changes in self.commits)


async def recover(run: Run) -> None:
    """Bring records and mailbox together; the anchor becomes the checkpoint in the last commit.

    A crash in between starts over with a new anchor.
    """
    started = run.clock.now()
    census = await _census(run)
    found = await _compare_all(run, census, Origin.RECOVERY)
    now = run.clock.now()
    await _commit(run, found, lambda state: after_recovery(state, census.anchor, now))
    run.forget_listing()  # A backfill under way begins its pass anew.
    listed = census.wanted
    run.note("recovery", started, listed=listed, updated=found.updated, deleted=found.deleted)


async def audit(run: Run) -> None:
    """Compare without moving the checkpoint: deltas since then apply once more, harmlessly."""
    started = run.clock.now()
    census = await _census(run)
    found = await _compare_all(run, census, Origin.AUDIT)
    now = run.clock.now()
    await _commit(run, found, lambda state: after_audit(state, census.wanted, found, now))
    run.note("audit", started, listed=census.wanted, known=found.known)


async def _commit(run: Run, found: Comparison, change: Change) -> None:
    for changes in found.commits[:-1]:
        await run.commit(changes, lambda state: state)
    await run.commit(found.commits[-1], change)


def after_audit(state: SyncState, listed: int, found: Comparison, now: datetime) -> SyncState:
    """Return the state after an audit; what was missing comes as a backfill of its own.

    Under a selection by sender a listing cannot tell what should be stored: the backfill does.
    """
    if state.audit is None:
        return state
    missing = listed - found.known
    report = replace(
        state.audit,
        finished_at=now,
        listed=listed,
        missing=0 if state.selection.senders else missing,
        gone=found.deleted,
        relabelled=found.updated,
    )
    state = replace(state, audit=report)
    if not missing or state.backfilling:
        return state
    backfill = Backfill(window_start=state.window_start, started_at=now, origin=Origin.AUDIT)
    return replace(state, backfill=backfill)


def after_recovery(state: SyncState, anchor: HistoryId, now: datetime) -> SyncState:
    """Return the state after the comparison: what is unknown comes as a backfill.

    Only where history ended before the checkpoint does the anchor lie before it; what was notified
    of the history that is no more says nothing then.
    """
    if anchor < (state.checkpoint or 0):
        state = replace(state, hint=None)
    backfill = Backfill(window_start=state.window_start, started_at=now, origin=Origin.RECOVERY)
    if state.backfilling and state.backfill is not None:
        backfill = state.backfill.begun_again()
    return replace(
        state,
        checkpoint=anchor,
        recovering_since=None,
        recheck=None,
        lookback=None,
        backfill=backfill,
        delta_due_at=now + state.frequency,
    )


async def _census(run: Run) -> Census:
    profile = await run.pace.run(Units.PROFILE, run.gmail.profile(), urgent=True)
    selected = run.state.selection.labels
    refs = (
        {} if selected else {ref.id: ref.thread_id for ref in (await list_window(run, None)).refs}
    )
    label_ids = await run.pace.run(Units.LABELS, run.gmail.label_ids())
    labels: defaultdict[MessageId, set[LabelId]] = defaultdict(set)
    unsure: set[LabelId] = set()
    for label_id in label_ids:
        listed = await list_window(run, label_id)
        if listed.pages > 1:
            unsure.add(label_id)
        for ref in listed.refs:
            labels[ref.id].add(label_id)
            if label_id in selected:
                refs[ref.id] = ref.thread_id
    left_out = _left_out(run, refs, labels)
    return Census(profile.history_id, refs, labels, frozenset(label_ids), left_out, unsure)


def _left_out(
    run: Run, refs: Iterable[MessageId], labels: Mapping[MessageId, AbstractSet[LabelId]]
) -> frozenset[MessageId]:
    chosen = run.state.selection
    return frozenset(one for one in refs if chosen.leaves_out(labels.get(one, frozenset())))


async def _list_again(run: Run, census: Census, label_id: LabelId) -> None:
    """Find what slipped between two pages because another message left the listing.

    Only a listing that shows nothing new, and that no message left meanwhile, is a whole one.
    What is listed in vain is harmless: a label taken off since the anchor comes in the next delta.
    """
    since = census.anchor
    for _ in range(LISTED_AGAIN):
        refs = (await list_window(run, label_id)).refs
        slipped = [ref.id for ref in refs if label_id not in census.labels.get(ref.id, ())]
        for message_id in slipped:
            census.labels[message_id].add(label_id)
        left = await removals_since(run, since)
        if not slipped and not left.may_shift(label_id):
            break
        since = left.until
    else:
        census.restless.add(label_id)
    census.unsure.discard(label_id)


async def _compare_all(run: Run, census: Census, origin: Origin) -> Comparison:
    """Return the commits that bring the stored window to what was listed."""
    found = Comparison([run.changes(origin)])
    commits = found.commits
    async for heads in run.records.all_heads(run.connection_id, run.state.window_start):
        for head in heads:
            if len(commits[-1].heads) >= CHANGES_AT_ONCE or commits[-1].size > COMMIT_BYTES / 2:
                commits.append(run.changes(origin))
            found.known += await _compare(run, census, commits[-1], head)
        await run.held.beat()
    return found


async def _compare(run: Run, census: Census, changes: Changes, head: RecordHead) -> bool:
    """Compare one record; return whether its message was listed as one to be stored."""
    known = head.message_id in census.refs
    listed = census.labels[head.message_id]
    if known:
        for label_id in (head.label_ids - listed) & census.unsure:
            await _list_again(run, census, label_id)
    if known and not (head.label_ids - listed) & census.restless:
        unnamed = head.label_ids - census.named
        changes.relabel(head, unnamed | listed, census.anchor)
    elif known or run.state.selection.fits_labels(head.label_ids):
        await _ask(run, changes, head)
    else:
        labels = (head.label_ids - census.named) | listed if listed else head.label_ids
        changes.tombstone(head, EndReason.LEFT_SELECTION, labels)
    return known and head.message_id not in census.left_out


async def _ask(run: Run, changes: Changes, head: RecordHead) -> None:
    """Ask for a message: absence from a listing proves nothing, only a 404 does (FACTS 4.3)."""
    try:
        call = run.gmail.message(head.message_id)
        message = await run.pace.run(Units.MESSAGE, call)
    except GmailNotFoundError:
        changes.tombstone(head)
        return
    labels: Sequence[str] = message.get("labelIds", ())
    history_id = HistoryId(int(message["historyId"]))
    changes.relabel(head, frozenset(LabelId(label) for label in labels), history_id)
    await run.held.beat()
