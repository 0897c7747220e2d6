"""What a sync does next: a pure function of the stored state and the clock (DESIGN 1, 4.1).

Hints, tasks and schedules only cause a look here, so lost, late, doubled and reordered ones are
all harmless.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.ids import HistoryId
from shared.domain.sync.state import (
    LOOKBACK_AFTER,
    RECHECK_LADDER,
    SECOND_LOOK_AFTER,
    Lookback,
    Recheck,
    SyncState,
    SyncStatus,
)
from shared.domain.troubles import SHORT_LADDER


@dataclass(frozen=True, slots=True)
class Anchor:
    """Fix the checkpoint before anything is listed (FACTS 3.9)."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Read history after `since`; `promised` is what a push said is there."""

    since: HistoryId
    promised: HistoryId | None


@dataclass(frozen=True, slots=True)
class Recover:
    """History expired: compare by listing."""


@dataclass(frozen=True, slots=True)
class RetryQuarantine:
    """Fetch again what failed before."""


@dataclass(frozen=True, slots=True)
class BackfillChunk:
    """Read a few seconds' worth of the window."""


@dataclass(frozen=True, slots=True)
class CheckAll:
    """Audit: compare the whole window with the records, and heal."""


@dataclass(frozen=True, slots=True)
class Empty:
    """Delete records before the window is read again."""


@dataclass(frozen=True, slots=True)
class WakeFollowers:
    """Tell the own syncs that follow the records that there are newer ones."""


@dataclass(frozen=True, slots=True)
class Release:
    """Nothing to do before `at`; None waits for a hint."""

    at: datetime | None


Step = (
    Anchor
    | Delta
    | Recover
    | RetryQuarantine
    | BackfillChunk
    | CheckAll
    | Empty
    | WakeFollowers
    | Release
)
LIVE_STEPS = (Anchor, Delta, WakeFollowers)
"""What a push carries out itself; the rest is a task's."""
WAKES_APART = timedelta(seconds=10)
"""Least time between two wakes of followers while there is bulk work."""


def plan(state: SyncState, now: datetime) -> Step:
    """Return the next step. Live mail comes before everything that can wait.

    Followers are woken before the lease is given back, and now and then in bulk work.
    """
    step = _next(state, now)
    if state.owes_wake and isinstance(step, Release | BackfillChunk | CheckAll):
        at = state.woken_at
        if isinstance(step, Release) or at is None or now >= at + WAKES_APART:
            return WakeFollowers()
    return step


def _next(state: SyncState, now: datetime) -> Step:
    if state.status is not SyncStatus.RUNNING:
        return Release(None)
    if state.deferred_until is not None and now < state.deferred_until:
        return Release(state.deferred_until)
    if state.emptying:
        return Empty()
    if state.recovering_since is not None:
        return Recover()
    if state.checkpoint is None:
        return Anchor()
    return _delta(state, state.checkpoint, now) or _background(state, now)


def _delta(state: SyncState, checkpoint: HistoryId, now: datetime) -> Delta | None:
    if not (_is_unmet(state, now) or state.look_wanted or _is_look_due(state, now)):
        return None
    lookback = state.lookback
    if lookback is None or _is_in_parts(state, now):
        return Delta(checkpoint, state.unmet_hint)
    wide = lookback.at <= now or state.look_wanted
    return Delta(lookback.since if wide else checkpoint, state.unmet_hint)


def _is_in_parts(state: SyncState, now: datetime) -> bool:
    """Whether what a push promised is read in part: the rest comes before any wider look.

    A wider one begins anew where a worker died, and would never get past a long delta.
    """
    due = state.delta_due_at
    return due is not None and due <= now and _is_unmet(state, now)


def _is_unmet(state: SyncState, now: datetime) -> bool:
    """Whether a push promised what no look has shown, and its ladder does not wait."""
    unmet, recheck = state.unmet_hint, state.recheck
    waiting = recheck is not None and now < recheck.at
    return unmet is not None and not (waiting and recheck is not None and unmet <= recheck.promised)


def _is_look_due(state: SyncState, now: datetime) -> bool:
    return any(at is not None and at <= now for at in _look_times(state))


def _look_times(state: SyncState) -> tuple[datetime | None, ...]:
    lookback = state.lookback
    wide = lookback.at if lookback and lookback.alone else None
    return state.delta_due_at, state.second_look_at, wide


def _background(state: SyncState, now: datetime) -> Step:
    if state.quarantine_due_at is not None and state.quarantine_due_at <= now:
        return RetryQuarantine()
    if state.backfilling:
        return BackfillChunk()
    if state.auditing:
        return CheckAll()
    return Release(next_due(state))


def next_due(state: SyncState) -> datetime | None:
    """Return when the next step will be wanted if no hint comes."""
    recheck = state.recheck.at if state.recheck else None
    times = (*_look_times(state), state.quarantine_due_at, recheck)
    return min((time for time in times if time is not None), default=None)


@dataclass(frozen=True, slots=True)
class DeltaAnswer:
    """What listing after `since` showed.

    `last_record` is the highest history record wholly applied, None for an empty answer; `top` is
    the mailbox's current history ID; `complete` is False where more is still to be listed. `heard`
    is the hint, and `looks_wanted` the count of looks asked for, at `begun_at`, when the listing
    began: what came later this answer knows nothing of. `again` says that the listing begins
    before the checkpoint.
    """

    since: HistoryId
    last_record: HistoryId | None
    top: HistoryId
    complete: bool
    begun_at: datetime
    first_record: HistoryId | None = None
    heard: HistoryId | None = None
    looks_wanted: int = 0
    again: bool = False


def after_delta(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    """Return the state once everything listed is applied.

    The top-level historyId is stored only where the listing has ended (FACTS 3.3) and showed
    nothing, and an empty or partial answer to a promise moves nothing until the recheck ladder
    ends (FACTS 3.6).
    """
    if not answer.complete:
        return advanced_part(state, answer, now)
    seen = replace(state, delta_due_at=now + state.frequency, last_delta_at=now)
    seen = _move(_schedule_lookback(_look_taken(seen, answer), answer, now), answer, now)
    return _looked_twice(seen, answer, now, moved=seen.checkpoint != state.checkpoint)


def _move(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    promised = state.unmet_hint
    if promised is None or (answer.last_record or 0) >= promised:
        return _on_hint_met(replace(state, recheck=None), answer, now)
    if promised > (answer.heard or 0):
        return _on_newer_hint(state, answer, now)
    return _climb(state, promised, answer.top, now)


def _on_hint_met(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    """Return the state where nothing more was promised than was shown.

    Not to the top where records were shown: what lies between them may be hidden yet. Nor where
    the look is one of two: past what is hidden it would take a third.
    """
    if answer.last_record is not None:
        return _advance(state, answer.last_record, now)
    return state if state.second_look_at else _advanced_blindly(state, answer.top, now)


def _looked_twice(
    state: SyncState, answer: DeltaAnswer, now: datetime, *, moved: bool
) -> SyncState:
    """Return the state with the second look still to come, or done.

    A look that found something is followed by another: the push of what it found comes too late
    to cause one, and Gmail may have dropped what came within a second of that push.
    """
    at = state.second_look_at
    if at is None or (not moved and answer.begun_at < at):
        return state
    return replace(state, second_look_at=now + SECOND_LOOK_AFTER if moved else None)


def advanced_part(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    """Return the state after a part of an answer: the last wholly applied record is durable."""
    applied = answer.last_record
    if applied is not None:
        state = _advance(state, applied, now)
    return replace(state, delta_due_at=now)


def _look_taken(state: SyncState, answer: DeltaAnswer) -> SyncState:
    return replace(state, looks_taken=max(state.looks_taken, answer.looks_wanted))


def _on_newer_hint(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    """Return the state where a push came after the listing began: it is listed again at once."""
    applied = answer.last_record
    if applied is None or applied < (answer.heard or 0):
        return state
    return _advance(state, applied, now)


def _advance(state: SyncState, to: HistoryId, now: datetime) -> SyncState:
    before = state.checkpoint
    if before is None or to <= before:
        return state
    lookback = state.lookback or _lookback(state, before, to, now)
    return replace(state, checkpoint=to, lookback=lookback)


def _advanced_blindly(state: SyncState, to: HistoryId, now: datetime) -> SyncState:
    """Return the state moved past what no record showed: that is listed again in any case."""
    after = _advance(state, to, now)
    if after.checkpoint == state.checkpoint or after.lookback is None:
        return after
    return replace(after, lookback=replace(after.lookback, alone=True))


def _lookback(state: SyncState, since: HistoryId, mark: HistoryId, now: datetime) -> Lookback:
    return Lookback(since, mark, now + LOOKBACK_AFTER, alone=(state.hint or 0) <= since)


def _schedule_lookback(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    lookback = state.lookback
    if lookback is None or now < lookback.at or not answer.again:
        return state
    if answer.first_record is not None and answer.first_record > (state.hint or 0):
        state = replace(state, unannounced_at=now)
    if state.checkpoint is None or state.checkpoint <= lookback.mark:
        return replace(state, lookback=None)
    again = _lookback(state, lookback.mark, state.checkpoint, now)
    return replace(state, lookback=again)


def _climb(state: SyncState, promised: HistoryId, top: HistoryId, now: datetime) -> SyncState:
    climbed = state.recheck is not None and state.recheck.promised >= promised
    if state.recheck is not None and climbed and now < state.recheck.at:
        return state  # A look for another reason: the rung keeps its time.
    attempt = state.recheck.attempt + 1 if state.recheck and climbed else 0
    if attempt < len(RECHECK_LADDER):
        recheck = Recheck(promised, attempt, now + RECHECK_LADDER[attempt])
        return replace(state, recheck=recheck)
    # The promise may be false: kept as the hint, it would swallow every true one below it.
    hint = HistoryId(min(promised, top))
    return _advanced_blindly(replace(state, recheck=None, hint=hint), top, now)


def backoff(failures: int, ceiling: timedelta = SHORT_LADDER) -> timedelta:
    """Return the wait after so many failures in a row: 1 s doubling to the ceiling (FACTS 1.9)."""
    return min(timedelta(seconds=2.0 ** min(failures, 12)), ceiling)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push means for a connection: `state` is None where nothing need be written."""

    state: SyncState | None
    held: bool


def on_push(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    """Decide about a notification.

    It may leave without writing only if its id is below the checkpoint (below, not equal: the
    change it announces may still be hidden at that very id), or not above the hint of a held
    lease before a recheck, whose holder cannot release without looking after it. Any other push
    not above the hint wants a look: the hint may be false, and no look for it is due for a while.
    """
    held = state.is_held(now)
    if state.status is SyncStatus.STOPPED:
        return Pushed(None, held=False)
    if state.checkpoint is not None and history_id < state.checkpoint:
        return Pushed(None, held=False)
    if held and history_id <= (state.hint or 0) and state.recheck is None:
        return Pushed(None, held=True)
    hint = HistoryId(max(state.hint or 0, history_id))
    second = now + SECOND_LOOK_AFTER
    hinted = replace(state.looked_at(now), hint=hint, unannounced_at=None, second_look_at=second)
    if history_id == state.checkpoint or history_id < hint:
        # The lookback keeps its own time: at this first look the change may still be hidden.
        hinted = hinted.wanting_look()
    return Pushed(hinted, held)
