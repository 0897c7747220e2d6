"""Recovery from an expired history, and audit: compare by listing, not by fetching (DESIGN 4).

A message never changes but for its labels. So the window's ids and the ids under each label say
all that can have changed; unknown ids become a backfill, and a tombstone needs a 404 on a get.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.ids import HistoryId, LabelId, MessageId, ThreadId
from shared.domain.record import Origin, RecordHead
from shared.domain.sync_state import Backfill, SyncState
from shared.errors import GmailNotFoundError
from shared.ports.gmail import MessageRef
from shared.ports.sync_store import COMMIT_BYTES
from shared.usecases.sync.changes import Changes
from shared.usecases.sync.lease import Change
from shared.usecases.sync.pace import Units
from shared.usecases.sync.run import Run

CHANGES_AT_ONCE = 300


@dataclass(slots=True)
class Census:
    """The mailbox's window as listed right after the anchor was taken."""

    anchor: HistoryId
    refs: Mapping[MessageId, ThreadId]
    labels: Mapping[MessageId, frozenset[LabelId]]
    named: frozenset[LabelId]
    """Labels that labels.list names; others stay on records as they are."""


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
    found = await _compared(run, census, Origin.RECOVERY)
    now = run.clock.now()
    await _commit(run, found, lambda state: recovered(state, census.anchor, now))
    listed = len(census.refs)
    run.note("recovery", started, listed=listed, updated=found.updated, deleted=found.deleted)


async def audit(run: Run) -> None:
    """Compare without moving the checkpoint: deltas since then apply once more, harmlessly."""
    started = run.clock.now()
    census = await _census(run)
    found = await _compared(run, census, Origin.AUDIT)
    now = run.clock.now()
    await _commit(run, found, lambda state: audited(state, len(census.refs), found, now))
    run.note("audit", started, listed=len(census.refs), known=found.known)


async def _commit(run: Run, found: Comparison, change: Change) -> None:
    for changes in found.commits[:-1]:
        await run.commit(changes, lambda state: state)
    await run.commit(found.commits[-1], change)


def audited(state: SyncState, listed: int, found: Comparison, now: datetime) -> SyncState:
    """Answer the state after an audit; what was missing comes as a backfill of its own.

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


def recovered(state: SyncState, anchor: HistoryId, now: datetime) -> SyncState:
    """Answer the state after the comparison: what is unknown comes as a backfill."""
    backfill = Backfill(window_start=state.window_start, started_at=now, origin=Origin.RECOVERY)
    if state.backfilling and state.backfill is not None:
        backfill = replace(
            state.backfill, page_token=None, labels_done=0, unknown_in_pass=0, listed=0
        )
    return replace(
        state,
        checkpoint=HistoryId(max(anchor, state.checkpoint or 0)),
        recovering_since=None,
        recheck=None,
        lookback=None,
        backfill=backfill,
        delta_due_at=now + state.frequency,
    )


async def _census(run: Run) -> Census:
    profile = await run.pace.run(Units.PROFILE, run.gmail.profile(), urgent=True)
    selected = run.state.selection.labels
    refs = {} if selected else {ref.id: ref.thread_id for ref in await _ids(run, None)}
    label_ids = await run.pace.run(Units.LABELS, run.gmail.label_ids())
    labels: dict[MessageId, set[LabelId]] = defaultdict(set)
    for label_id in label_ids:
        for ref in await _ids(run, label_id):
            labels[ref.id].add(label_id)
            if label_id in selected:
                refs[ref.id] = ref.thread_id
    frozen = {message_id: frozenset(under) for message_id, under in labels.items()}
    return Census(profile.history_id, refs, frozen, frozenset(label_ids))


async def _ids(run: Run, label_id: LabelId | None) -> list[MessageRef]:
    """List the whole window, under one label or all; 5 units for 500 ids."""
    refs: list[MessageRef] = []
    page = None
    while True:
        call = run.gmail.message_ids(since=run.state.window_start, label_id=label_id, page=page)
        answer = await run.pace.run(Units.LIST, call)
        refs.extend(answer.refs)
        page = answer.next_page
        if page is None:
            return refs
        await run.held.beat()


async def _compared(run: Run, census: Census, origin: Origin) -> Comparison:
    """Answer the commits that bring the stored window to what was listed."""
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
    """Compare one record; answer whether its message was listed."""
    if head.message_id not in census.refs:
        if run.state.selection.fits_labels(head.label_ids):
            await _ask(run, changes, head)
        else:
            changes.tombstone(head)
        return False
    listed = census.labels.get(head.message_id, frozenset())
    unnamed = head.label_ids - census.named
    changes.relabel(head, listed | unnamed, census.anchor)
    return True


async def _ask(run: Run, changes: Changes, head: RecordHead) -> None:
    """Absence from a listing is never a deletion: only a 404 is (FACTS 4.3)."""
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
