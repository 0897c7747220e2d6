"""What a reconnect, a resume and a repair clear of the wait, by every field of the sync state."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from shared.domain.ids import ConnectionId, HistoryId, LeaseToken
from shared.domain.sync.plan import Delta, Release, on_push, plan
from shared.domain.sync.state import Backfill, Lease, Lookback, Recheck, SyncState

NOW: Final = datetime(2026, 11, 28, 12, tzinfo=UTC)
LATER: Final = NOW + timedelta(hours=20)
WAITING: Final = SyncState(
    ConnectionId("c"),
    checkpoint=HistoryId(5),
    hint=HistoryId(9),
    lease=Lease(LeaseToken("t"), LATER),
    next_due_at=LATER,
    delta_due_at=LATER,
    backfill=Backfill(None, NOW),
    recheck=Recheck(HistoryId(9), 2, LATER),
    lookback=Lookback(HistoryId(4), HistoryId(5), LATER),
    second_look_at=LATER,
    quarantine_due_at=LATER,
    deferred_until=LATER,
    last_error="upstream_error",
    failing_since=NOW,
    failures=9,
)
CLEARED: Final = {
    "deferred_until": None,
    "failures": 0,
    "last_error": None,
    "failing_since": None,
    "recheck": None,
    "delta_due_at": NOW,
    "next_due_at": NOW,
    "looks_wanted": 1,
}
KEPT: Final = {
    "connection_id", "status", "checkpoint", "hint", "lease", "commit_id", "sequence",
    "looks_taken", "frequency", "window", "window_start", "selection", "backfill",
    "recovering_since", "lookback", "quarantine_due_at", "audit", "emptying", "open_event_id",
    "live_records", "skipped_unknown", "unannounced_at", "careful", "suspect", "last_delta_at",
    "last_finished_at", "last_tally", "schema_version", "followed", "woken_sequence",
    "woken_whole", "woken_at", "second_look_at",
}  # fmt: skip
"""What is no wait of the mailbox: what was read, wishes, and the ladder of single messages."""


def test_every_field_of_the_state_is_either_cleared_or_kept() -> None:
    assert KEPT | CLEARED.keys() == {one.name for one in fields(SyncState)}
    assert not KEPT & CLEARED.keys()


@pytest.mark.parametrize("name", sorted({*KEPT, *CLEARED}))
def test_the_wait_is_cleared_and_nothing_else(name: str) -> None:
    after = getattr(WAITING.without_wait(NOW), name)
    assert after == CLEARED[name] if name in CLEARED else after == getattr(WAITING, name)


def test_a_look_is_next_once_the_wait_is_cleared() -> None:
    assert isinstance(plan(WAITING, NOW), Release)
    assert isinstance(plan(WAITING.without_wait(NOW), NOW), Delta)


@pytest.mark.parametrize("why", ["rate_limited", None])
def test_a_rate_limit_is_waited_out_whatever_is_asked(why: str | None) -> None:
    limited = replace(WAITING, last_error=why)
    for state in (limited.without_wait(NOW), on_push(limited, HistoryId(12), NOW).state):
        assert state is not None
        assert state.deferred_until == LATER
        assert isinstance(plan(state, NOW), Release)


def test_a_push_during_a_failure_gets_its_look_and_leaves_the_ladder() -> None:
    pushed = on_push(replace(WAITING, lease=None), HistoryId(12), NOW).state
    assert pushed is not None
    assert isinstance(plan(pushed, NOW), Delta)
    assert (pushed.failures, pushed.last_error) == (WAITING.failures, WAITING.last_error)
