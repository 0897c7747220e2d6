"""The status is true: what runs, what is missing, what stands still."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId, HistoryId
from shared.domain.sync.standing import MOST_HICCUPS, standing
from shared.domain.sync.state import Backfill, SyncState

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HALF = SyncState(ConnectionId("c"), backfill=Backfill(None, NOW), next_due_at=NOW)
WHOLE = replace(HALF, backfill=Backfill(None, NOW, finished_at=NOW), checkpoint=HistoryId(5))
LATER = NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (HALF, "RUNNING"),
        (replace(HALF, failures=1, last_error="upstream_error"), "RUNNING"),
        (replace(HALF, failures=MOST_HICCUPS, last_error="upstream_error"), "ERROR"),
        (replace(HALF, failures=1, last_error="mail_not_enabled"), "ERROR"),
        (replace(HALF, next_due_at=LATER), "ERROR"),
        (replace(HALF, next_due_at=None), "ERROR"),
        (WHOLE, "SUCCESS"),
        (replace(WHOLE, next_due_at=LATER), "SUCCESS"),
        (replace(WHOLE, last_error="upstream_error"), "ERROR"),
        (replace(WHOLE, hint=HistoryId(5)), "SUCCESS"),
        (replace(WHOLE, hint=HistoryId(9)), "RUNNING"),
        (replace(WHOLE, hint=HistoryId(9), deferred_until=LATER, next_due_at=LATER), "ERROR"),
        (replace(WHOLE, looks_wanted=2, looks_taken=1), "RUNNING"),
    ],
)
def test_the_status_says_what_is_so(state: SyncState, told: str) -> None:
    """RUNNING while something comes within the hour, SUCCESS while nothing is missing."""
    assert standing(state, ConnectionStatus.ACTIVE, NOW) == told


@pytest.mark.parametrize("state", [HALF, WHOLE])
def test_a_sync_whose_grant_ended_is_never_well(state: SyncState) -> None:
    """Whatever it stored before."""
    assert standing(state, ConnectionStatus.REAUTH_REQUIRED, NOW) == "ERROR"
