"""Pieces of the sync's code as they would be without one rule each."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.sync import plan as plan_module
from shared.domain.sync.plan import DeltaAnswer, Pushed, Release, on_push, plan
from shared.domain.sync.state import SyncState
from shared.errors import FencedOutError
from shared.ports.sync_store import Batch
from shared.usecases.sync import sync_mailbox
from shared.usecases.sync.sync_mailbox import SyncMailbox
from shared.usecases.sync.task import sync_task
from shared.usecases.sync.work import lease
from shared.usecases.sync.work.lease import Busy, Held

_lease, _renew = lease._lease, Held._renew
_climb = plan_module._climb


def steals(state: SyncState, hint: HistoryId | None, now: datetime) -> SyncState | None:
    wished = lease._wish(state, hint, now)
    return None if wished is None else lease._lease(wished, now)


def held_for_ever(state: SyncState, _: datetime) -> bool:
    return state.lease is not None


def not_renewed(held: Held, state: SyncState) -> SyncState:
    return replace(state, commit_id=lease._commit_id())


async def no_beat(_: Held) -> None:
    """Let the lease run down."""


def latest_hint(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    pushed = on_push(state, history_id, now)
    if pushed.state is None:
        return pushed
    return replace(pushed, state=replace(pushed.state, hint=history_id))


def stale_at_checkpoint(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    if state.checkpoint == history_id:
        return Pushed(None, held=False)
    return on_push(state, history_id, now)


def stale_at_any_hint(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    if state.hint is not None and history_id <= state.hint:
        return Pushed(None, held=state.is_held(now))
    return on_push(state, history_id, now)


def stale_below_any_held_hint(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    if state.is_held(now) and history_id <= (state.hint or 0):
        return Pushed(None, held=True)
    return on_push(state, history_id, now)


def no_look_below_the_hint(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    pushed = on_push(state, history_id, now)
    if pushed.state is None or history_id == state.checkpoint:
        return pushed
    unheard = replace(
        pushed.state, looks_wanted=state.looks_wanted, second_look_at=state.second_look_at
    )
    return replace(pushed, state=unheard)


def promise_believed(
    state: SyncState, promised: HistoryId, top: HistoryId, now: datetime
) -> SyncState:
    after = _climb(state, promised, top, now)
    return after if after.recheck else plan_module._advance(after, promised, now)


def no_hint_while_held(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    return Pushed(None, held=True) if state.is_held(now) else on_push(state, history_id, now)


async def no_wake_at_expiry(*_: Any) -> None:
    """Trust that the holder lives."""


def named(name_of: Callable[[Busy], str]) -> Any:
    async def wake(sync: SyncMailbox, connection_id: ConnectionId, busy: Busy) -> None:
        task = sync_task(connection_id, not_before=busy.expires_at, name=name_of(busy))
        await sync.queue.enqueue(task)

    return wake


async def wake_next_named(sync: SyncMailbox, state: SyncState) -> None:
    due, now = state.next_due_at, sync.clock.now()
    if due is None or due > now + sync_mailbox.SOON:
        return
    task = sync_task(state.connection_id, not_before=due, name=str(state.connection_id))
    await sync.queue.enqueue(task)


async def no_wake_next(*_: Any) -> None:
    """Trust that somebody comes."""


def read_back(
    *, own: bool = True, token: bool = True, commit: bool = True, hint: bool = True
) -> Any:
    """Return `Held._read_back` with only some of its distinctions."""

    async def read_back(held: Held, attempted: SyncState) -> bool:
        fresh, before = await held._fresh(), held.state
        if own and fresh.value.commit_id == attempted.commit_id:
            held.current = fresh
            return True
        mine = before.lease is not None and fresh.value.held_by(before.lease.token)
        fenced = (token and not mine) or (commit and fresh.value.commit_id != before.commit_id)
        if fenced or not hint:
            raise FencedOutError("The lease passed to another worker.")
        held.current = fresh
        return False

    return read_back


def plan_without_hint(state: SyncState, now: datetime) -> plan_module.Step:
    return plan(replace(state, hint=None), now)


async def release_decided_once(held: Held) -> bool:
    step = plan(held.state, held.clock.now())
    if not isinstance(step, Release):
        return False
    while not held.released:
        new = replace(held.state, lease=None, next_due_at=step.at, commit_id=lease._commit_id())
        held.released = await held._write(new, Batch())
    return True


def any_look_taken(state: SyncState, _: DeltaAnswer) -> SyncState:
    return replace(state, looks_taken=state.looks_wanted)


def leased_unannounced(state: SyncState, now: datetime) -> SyncState:
    return replace(_lease(state, now), next_due_at=state.next_due_at)


def due_left_alone(held: Held, state: SyncState) -> SyncState:
    return replace(_renew(held, state), next_due_at=state.next_due_at)


async def leaves_if_unmoved(held: Held, change: Any, due: datetime | None) -> None:
    new = replace(change(held.state), lease=None, next_due_at=due, commit_id=lease._commit_id())
    await held._write(new, Batch())


def advanced_without_lookback(state: SyncState, to: HistoryId, _: datetime) -> SyncState:
    return replace(state, checkpoint=HistoryId(max(to, state.checkpoint or 0)))


def part_stores_top(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    return replace(plan_module._advance(state, answer.top, now), delta_due_at=now)


def push_uses_lookback_up(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    pushed = on_push(state, history_id, now)
    if history_id != state.checkpoint or pushed.state is None or state.lookback is None:
        return pushed
    early = replace(pushed.state, lookback=replace(state.lookback, at=now))
    return replace(pushed, state=early)


def never_overtaken(state: SyncState, answer: DeltaAnswer, now: datetime) -> SyncState:
    assert state.unmet_hint is not None
    return plan_module._climb(state, state.unmet_hint, answer.top, now)


def only_timed_looks(state: SyncState) -> tuple[datetime | None, ...]:
    return state.delta_due_at, state.second_look_at


def no_second_look(state: SyncState, history_id: HistoryId, now: datetime) -> Pushed:
    pushed = on_push(state, history_id, now)
    if pushed.state is None:
        return pushed
    return replace(pushed, state=replace(pushed.state, second_look_at=state.second_look_at))


def two_looks_at_most(
    state: SyncState, answer: DeltaAnswer, now: datetime, *, moved: bool
) -> SyncState:
    at = state.second_look_at
    is_second = at is not None and answer.begun_at >= at
    return replace(state, second_look_at=None) if is_second else state


def looked_once(state: SyncState, *_: Any, moved: bool) -> SyncState:
    return replace(state, second_look_at=None)
