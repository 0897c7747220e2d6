"""Delta: history since the checkpoint, applied in order (DESIGN 4.3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.google.observations import Count, Duration, Kinds
from shared.domain.ids import HistoryId, MessageId
from shared.domain.mail.reading.email_message import received_at
from shared.domain.sync.history import HistoryRecord, NetChange, fold
from shared.domain.sync.plan import Delta, DeltaAnswer, after_delta
from shared.domain.sync.records.record import DRAFT, Origin, QuarantineEntry, RecordHead
from shared.domain.sync.state import SyncState
from shared.errors import HistoryExpiredError
from shared.ports.google.gmail import GmailObject, MessageRef
from shared.ports.sync_store import COMMIT_BYTES, COMMIT_WRITES
from shared.usecases.sync.work.changes import Changes
from shared.usecases.sync.work.hydrate import Hydrated
from shared.usecases.sync.work.pace import Units
from shared.usecases.sync.work.run import Run
from shared.usecases.sync.work.taking_in import take_in

LISTED_AT_ONCE = 2_000
"""History records listed in one step; the rest follows from the new checkpoint."""
FETCHED_AT_ONCE = 100
FRESH = timedelta(hours=1)
"""How young a history id must be for its refusal to be odd."""
TOUCHED_AT_ONCE = COMMIT_WRITES - 50


@dataclass(frozen=True, slots=True)
class Part:
    """A run of history records that fits one commit; `last` ends the listing."""

    records: Sequence[HistoryRecord]
    last: bool


async def read_delta(run: Run, step: Delta) -> None:
    """List history after the step's start and apply it, part by part."""
    started, begun = run.clock.now(), run.state
    again = step.since < (begun.checkpoint or 0)
    records: list[HistoryRecord] = []
    top, complete = step.since, True
    try:
        listing = list_history(run, step.since, whole=again)
        records, top, complete = await run.first.beside(run.connection_id, listing)
        _note_age(run, Duration.HISTORY_TAKEN, begun, started)
    except HistoryExpiredError:
        _note_age(run, Duration.HISTORY_REFUSED, begun, started)
        if not await _is_current(run, step.since):
            await run.held.commit(lambda state: replace(state, recovering_since=started))
            return
    if again and not complete:
        return  # Old changes without the newer ones would put records back: later, with more time.
    whole = fold(records)
    if complete and not again and _is_first_of_two(begun, started):
        records = _before_drafts(records, whole, begun)
    if not again:
        _note_records(run, begun, records)
    for part in _parts(records):
        done = await _apply(run, {id: whole[id] for id in fold(part.records)})
        if not done:
            return
        answer = DeltaAnswer(
            since=step.since,
            last_record=(part.records or records)[-1].id if records else None,
            top=top,
            complete=complete and part.last,
            begun_at=started,
            first_record=records[0].id if records else None,
            heard=begun.hint,
            looks_wanted=begun.looks_wanted,
            again=again,
        )
        await _settle(run, done, answer)
        _note_stored(run, done)
    if run.state.unannounced_at not in {None, begun.unannounced_at}:
        run.sightings.count_kind(Kinds.LOOKS, "unannounced")
    run.note("delta", started, records=len(records), complete=complete)


def _note_age(run: Run, name: Duration, state: SyncState, now: datetime) -> None:
    """Note how old the checkpoint was that Gmail took or refused (FACTS 3.2)."""
    if state.last_delta_at is None:
        return
    age = now - state.last_delta_at
    run.sightings.measure(name, age)
    if name is Duration.HISTORY_REFUSED and age < FRESH:
        run.sightings.count(Count.FRESH_HISTORY_REFUSED)


def _note_records(run: Run, begun: SyncState, records: Sequence[HistoryRecord]) -> None:
    """Note what a pushed history id brought at the first look, and what records say of it."""
    if (begun.hint or 0) > (begun.checkpoint or 0) and begun.recheck is None:
        run.sightings.count_kind(Kinds.LOOKS, "pushed" if records else "pushed.nothing")
    silent = sum(not _names_a_change(record) for record in records)
    for name, count in (("silent", silent), ("told", len(records) - silent)):
        if count:
            run.sightings.count_kind(Kinds.HISTORY_RECORDS, name, count)


def _names_a_change(record: HistoryRecord) -> bool:
    return any((record.added, record.deleted, record.labels_added, record.labels_removed))


def _note_stored(run: Run, commits: Sequence[Changes]) -> None:
    """Note how long after their date messages arrived."""
    for head in (record.head for changes in commits for record in changes.put):
        run.sightings.measure(Duration.ARRIVAL, head.arrived_at - head.internal_date)


def _is_first_of_two(state: SyncState, now: datetime) -> bool:
    """Whether a second look is still to come, and this is the first for what was promised."""
    return state.awaits_second_look(now) and state.recheck is None


def _before_drafts(
    records: list[HistoryRecord], whole: Mapping[MessageId, NetChange], state: SyncState
) -> list[HistoryRecord]:
    """Return the records before the first that adds a draft to be read.

    A draft is changed or sent within moments, and its message is gone then: by the second look
    that has folded away, and what is left is worth its 20 units.
    """
    for place, record in enumerate(records):
        net = [whole[message.id] for message in record.added]
        if any(DRAFT in one.known_labels and not one.deleted for one in net) and not (
            state.selection.leaves_out({DRAFT})
        ):
            return records[:place]
    return records


async def _is_current(run: Run, since: HistoryId) -> bool:
    """Whether nothing happened since, whatever history refuses: the mailbox is where it was.

    Gmail may refuse even the current ID of a mailbox that is long quiet; a recovery would end at
    the same one, and the next delta before the same refusal.
    """
    profile = await run.pace.run(Units.PROFILE, run.gmail.profile(), urgent=True)
    return profile.history_id == since


async def list_history(
    run: Run, since: HistoryId, *, whole: bool
) -> tuple[list[HistoryRecord], HistoryId, bool]:
    """List history, all of it or as much as is handy; the answer says whether it was all.

    A page may have a token and no records, and beyond its end history is empty (FACTS 3.4): there
    it says nothing about what comes, as if it had expired. Raises HistoryExpiredError.
    """
    records: list[HistoryRecord] = []
    page = None
    while True:
        call = run.gmail.history(since, page)
        answer = await run.pace.run(Units.HISTORY, call, urgent=True)
        records.extend(answer.records)
        page = answer.next_page
        if answer.history_id < since:
            raise HistoryExpiredError("History ends before the checkpoint.")
        if page is None:
            return records, answer.history_id, True
        enough = len(records) >= LISTED_AT_ONCE and not whole
        if enough or (records and run.out_of_time):
            return records, answer.history_id, False
        await run.held.beat()


def _parts(records: Sequence[HistoryRecord]) -> Iterable[Part]:
    """Cut so that each part is about one commit; a single record is never cut here."""
    part: list[HistoryRecord] = []
    added = touched = 0
    for record in records:
        part.append(record)
        added += len(record.added)
        touched += len(record.labels_added) + len(record.labels_removed) + len(record.deleted)
        if added >= FETCHED_AT_ONCE or added + touched >= TOUCHED_AT_ONCE:
            yield Part(part, last=False)
            part, added, touched = [], 0, 0
    yield Part(part, last=True)


async def _settle(run: Run, commits: Sequence[Changes], answer: DeltaAnswer) -> None:
    """Commit a part; only its last commit moves the checkpoint."""
    for changes in commits[:-1]:
        await run.commit(changes, _leave_unmoved)

    def settle(state: SyncState) -> SyncState:
        return after_delta(state, answer, run.clock.now())

    await run.commit(commits[-1], settle)


def _leave_unmoved(state: SyncState) -> SyncState:
    return state


async def _apply(run: Run, net: Mapping[MessageId, NetChange]) -> list[Changes] | None:
    """Work out a part's commits; None where it was interrupted, with what came in committed.

    `net` is what the whole listing means for the messages that the part touches.
    """
    heads = await run.records.heads(run.connection_id, net)
    wanted = _want(run, net, heads)
    aside = await run.set_aside(net)
    fetched = await _fetch(run, [ref for ref in wanted if ref.id not in aside])
    commits = await _store(run, fetched, net, heads)
    if fetched.left:
        await _keep(run, commits)
        if fetched.interrupted:
            raise fetched.interrupted
        return None
    run.passed_over.clear()
    _apply_to_known(run, commits, net, heads, aside)
    run.strike({change.message_id for change in net.values() if change.deleted})
    return commits


def _want(
    run: Run, net: Mapping[MessageId, NetChange], heads: Mapping[MessageId, RecordHead]
) -> list[MessageRef]:
    """Return what must be fetched: added or newly selected, still there, not stored yet."""
    return [
        MessageRef(change.message_id, change.thread_id)
        for change in net.values()
        if (change.added or _gains(run.state, change))
        and not run.state.selection.leaves_out(change.known_labels)
        and run.passed_over.get(change.message_id) != change.last_history_id
        and not change.chat
        and not change.deleted
        and not _is_live(heads.get(change.message_id))
    ]


def _gains(state: SyncState, change: NetChange) -> bool:
    return state.selection.gains(change.labels_put_on, change.labels_taken_off)


def _is_live(head: RecordHead | None) -> bool:
    return head is not None and head.live


async def _fetch(run: Run, wanted: Sequence[MessageRef]) -> Hydrated:
    if not wanted:
        return Hydrated()
    await run.held.secure()
    # Live mail may use the whole lease time: a commit at the end of it is still in time.
    deadline = min(run.clock.now() + timedelta(seconds=15), run.deadline)
    return await run.hydrator(deadline, Origin.LIVE, urgent=True).fetch(wanted)


async def _store(
    run: Run,
    fetched: Hydrated,
    net: Mapping[MessageId, NetChange],
    heads: Mapping[MessageId, RecordHead],
) -> list[Changes]:
    """Gather fetched messages into commits of bounded size."""
    commits = [run.changes(Origin.LIVE)]
    for message in fetched.messages:
        if commits[-1].size > COMMIT_BYTES / 2 or len(commits[-1].put) >= FETCHED_AT_ONCE:
            commits.append(run.changes(Origin.LIVE))
        change = net[MessageId(message["id"])]
        if not change.added and _is_outside(run.state, message):
            kept = False  # It was relabelled into the selection, and is older than the window.
        else:
            known, bodies = heads.get(change.message_id), fetched.bodies.get(change.message_id)
            kept = await take_in(run, commits[-1], _as_of_now(message, change), known, bodies)
        if not kept:
            run.passed_over[change.message_id] = change.last_history_id
    for ref, reason in fetched.failed:
        commits[-1].set_aside(ref.id, reason)
    return commits


def _is_outside(state: SyncState, message: GmailObject) -> bool:
    return state.window_start is not None and received_at(message) < state.window_start


def _as_of_now(message: GmailObject, change: NetChange) -> GmailObject:
    """Apply label changes newer than the fetch to what was fetched."""
    labels = frozenset(message.get("labelIds", ()))
    newest = change.labels_after(labels, HistoryId(int(message["historyId"])))
    return message if newest == labels else {**message, "labelIds": sorted(newest)}


async def _keep(run: Run, commits: Sequence[Changes]) -> None:
    """Store what came in before an interruption; the checkpoint stays, so nothing is lost."""
    for changes in commits:
        if not changes.empty:
            await run.commit(changes, _leave_unmoved)


def _apply_to_known(
    run: Run,
    commits: list[Changes],
    net: Mapping[MessageId, NetChange],
    heads: Mapping[MessageId, RecordHead],
    aside: Mapping[MessageId, QuarantineEntry],
) -> None:
    """Apply deletions and label changes to what is stored; a delete of an unknown is nothing."""
    for change in net.values():
        if len(commits[-1].heads) >= TOUCHED_AT_ONCE:  # "mark all read" is one history record
            commits.append(run.changes(Origin.LIVE))
        if change.deleted and change.message_id in aside:
            commits[-1].released.append(change.message_id)
        _apply_one(commits[-1], change, heads.get(change.message_id))


def _apply_one(changes: Changes, change: NetChange, head: RecordHead | None) -> None:
    if head is None or not head.live:
        changes.skipped += bool(change.label_ops) and not change.added
        return
    labels = change.labels_after(head.label_ids, head.fetched_at_history)
    if change.deleted:
        changes.tombstone(head, labels=labels)
    else:
        changes.relabel(head, labels, change.last_history_id)
