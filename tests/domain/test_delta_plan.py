"""What a listing of history may conclude, and what it must leave for the next look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.ids import LARGEST_HISTORY_ID, ConnectionId, HistoryId, LeaseToken
from shared.domain.sync.plan import (
    Delta,
    DeltaAnswer,
    Release,
    after_delta,
    next_due,
    on_push,
    plan,
)
from shared.domain.sync.state import (
    LOOKBACK_AFTER,
    RECHECK_LADDER,
    SECOND_LOOK_AFTER,
    Lease,
    SyncState,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUIET = SyncState(
    ConnectionId("c"), checkpoint=HistoryId(100), delta_due_at=NOW + HOUR, next_due_at=NOW + HOUR
)


def listed(
    state: SyncState,
    shown: int | None,
    top: int,
    *,
    complete: bool = True,
    since: int = 100,
    now: datetime = NOW,
) -> DeltaAnswer:
    """Return a listing that began at `state` and showed records up to `shown`."""
    return DeltaAnswer(
        since=HistoryId(since),
        last_record=HistoryId(shown) if shown else None,
        top=HistoryId(top),
        complete=complete,
        begun_at=now,
        first_record=HistoryId(shown) if shown else None,
        heard=state.hint,
        looks_wanted=state.looks_wanted,
        again=since < (state.checkpoint or 0),
    )


def pushed(state: SyncState, history_id: int, now: datetime = NOW) -> SyncState:
    after = on_push(state, HistoryId(history_id), now).state
    assert after is not None
    return after


def test_a_push_that_comes_during_a_listing_is_listed_at_once() -> None:
    begun = pushed(QUIET, 110)
    answer = listed(begun, 110, 110)
    state = after_delta(pushed(begun, 120), answer, NOW)
    assert state.checkpoint == 110
    assert state.recheck is None
    assert plan(state, NOW) == Delta(HistoryId(110), HistoryId(120))


def test_an_empty_listing_says_nothing_about_a_push_that_came_later() -> None:
    answer = listed(QUIET, None, 120)
    state = after_delta(pushed(QUIET, 120), answer, NOW)
    assert state.checkpoint == 100
    assert plan(state, NOW) == Delta(HistoryId(100), HistoryId(120))


def test_a_push_about_the_checkpoint_looks_now_and_again_after_the_lookback() -> None:
    polled = after_delta(QUIET, listed(QUIET, None, 110), NOW)
    state = pushed(polled, 110)
    assert plan(state, NOW) == Delta(HistoryId(100), None)
    state = after_delta(state, listed(state, None, 110), NOW)
    assert isinstance(plan(state, NOW), Release)
    later = NOW + LOOKBACK_AFTER
    assert plan(state, later) == Delta(HistoryId(100), None)


def test_a_look_of_its_own_follows_two_minutes_later_only_where_no_push_announced_the_move() -> (
    None
):
    heard = pushed(QUIET, 110)
    heard = after_delta(heard, listed(heard, 110, 110), NOW)
    found = after_delta(QUIET, listed(QUIET, 110, 110), NOW)
    assert found.lookback is not None
    assert heard.lookback == replace(found.lookback, alone=False)
    assert next_due(found) == NOW + LOOKBACK_AFTER
    assert next_due(heard) == NOW + SECOND_LOOK_AFTER


def test_the_next_look_lists_from_before_the_last_move_once_two_minutes_have_passed() -> None:
    state = pushed(QUIET, 110)
    state = after_delta(state, listed(state, 110, 110), NOW)
    soon, later = NOW + LOOKBACK_AFTER / 2, NOW + LOOKBACK_AFTER
    assert plan(pushed(state, 120, soon), soon) == Delta(HistoryId(110), HistoryId(120))
    assert plan(pushed(state, 120, later), later) == Delta(HistoryId(100), HistoryId(120))


@pytest.mark.parametrize("shown", [110, None], ids=["with news", "empty"])
def test_a_pushed_look_is_repeated_once_gmail_may_announce_again(shown: int | None) -> None:
    state = pushed(QUIET, 110)
    state = after_delta(state, listed(state, shown, 110), NOW)
    assert state.second_look_at is not None
    assert timedelta(seconds=1.2) <= state.second_look_at - NOW <= timedelta(seconds=2)
    assert isinstance(plan(state, NOW), Release)
    then = state.second_look_at
    assert plan(state, then) == Delta(HistoryId(shown or 100), None if shown else HistoryId(110))
    quiet = after_delta(state, listed(state, None, 110, now=then), then)
    assert quiet.second_look_at is None


def test_a_second_look_that_found_something_is_followed_by_another() -> None:
    state = pushed(QUIET, 110)
    state = after_delta(state, listed(state, 110, 110), NOW)
    then = NOW + SECOND_LOOK_AFTER
    state = after_delta(state, listed(state, 115, 120, now=then), then)
    assert state.second_look_at == then + SECOND_LOOK_AFTER


def test_a_push_that_comes_during_the_second_look_has_one_of_its_own() -> None:
    state = pushed(QUIET, 110)
    state = after_delta(state, listed(state, 110, 110), NOW)
    then = NOW + SECOND_LOOK_AFTER
    answer = listed(state, None, 110, now=then)
    state = after_delta(pushed(state, 110, then), answer, then)
    assert state.second_look_at == then + SECOND_LOOK_AFTER


def test_of_two_looks_an_empty_one_does_not_move_past_what_may_be_hidden() -> None:
    state = pushed(QUIET, 100)
    state = after_delta(state, listed(state, None, 110), NOW)
    assert state.checkpoint == 100
    assert state.lookback is None


def test_the_checkpoint_stays_at_the_last_record_where_more_may_be_hidden() -> None:
    begun = pushed(QUIET, 110)
    state = after_delta(begun, listed(begun, 110, 120), NOW)
    assert state.checkpoint == 110
    assert plan(pushed(state, 120), NOW) == Delta(HistoryId(110), HistoryId(120))


def test_a_look_asked_for_during_a_listing_is_still_wanted_after_it() -> None:
    asked = QUIET.wanting_look()
    state = after_delta(asked.wanting_look(), listed(asked, None, 100), NOW)
    assert plan(state, NOW) == Delta(HistoryId(100), None)
    assert isinstance(plan(after_delta(state, listed(state, None, 100), NOW), NOW), Release)


def test_looks_for_other_reasons_do_not_climb_the_recheck_ladder() -> None:
    state = pushed(QUIET, 110)
    for _ in range(len(RECHECK_LADDER) + 1):
        state = after_delta(state, listed(state, None, 110), NOW)
    assert state.checkpoint == 100
    assert state.recheck is not None
    assert state.recheck.at == NOW + RECHECK_LADDER[0]


def spent(state: SyncState, top: int) -> tuple[SyncState, datetime]:
    """Climb the whole ladder with listings that show nothing."""
    now = NOW
    state = after_delta(state, listed(state, None, top), now)
    while state.recheck is not None:
        now = state.recheck.at
        state = after_delta(state, listed(state, None, top), now)
    return state, now


@pytest.mark.parametrize("promised", [101, 10**12, LARGEST_HISTORY_ID])
@pytest.mark.parametrize("top", [100, 105])
def test_a_hint_that_its_ladder_did_not_find_is_put_back_to_the_top(
    promised: int, top: int
) -> None:
    state, now = spent(pushed(QUIET, promised), top)
    assert state.unmet_hint is None
    assert state.checkpoint == top
    heard = pushed(state, 110, now)
    assert plan(heard, now) == Delta(HistoryId(top), HistoryId(110))


@pytest.mark.parametrize("history_id", [100, 101, 10**12])
def test_a_push_between_checkpoint_and_hint_wants_a_look_at_once(history_id: int) -> None:
    begun = pushed(QUIET, LARGEST_HISTORY_ID)
    climbing = after_delta(begun, listed(begun, None, 100), NOW)
    assert isinstance(plan(climbing, NOW), Release)
    assert plan(pushed(climbing, history_id), NOW) == Delta(HistoryId(100), LARGEST_HISTORY_ID)
    held = replace(climbing, lease=Lease(LeaseToken("t"), NOW + HOUR))
    assert pushed(held, history_id).look_wanted
