"""The status is true: what runs, what is missing, what stands still."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId, GoogleSub, HistoryId
from shared.domain.sync.state import Backfill, SyncState
from shared.domain.sync.status import MOST_HICCUPS, Failure, failure, reported_status

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
        (replace(HALF, failures=1, last_error="messages_refused"), "ERROR"),
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
    assert reported_status(state, ConnectionStatus.ACTIVE, NOW) == told


CONNECTION = Connection(
    ConnectionId("c"), "a@x.example", GoogleSub("s"), frozenset(), ConnectionStatus.ACTIVE, NOW, NOW
)
ENDED = replace(CONNECTION, status=ConnectionStatus.REAUTH_REQUIRED, error="revoked")


def test_what_is_wrong_has_its_code_and_its_beginning() -> None:
    """A grant that ended goes before what its sync met by it; a failure does not begin anew."""
    failing = WHOLE.failing("upstream_error", NOW).failing("domain_policy", LATER)
    assert failure(CONNECTION, failing) == Failure("domain_policy", NOW)
    assert failure(CONNECTION, failing.without_error()) is None
    assert failure(ENDED, failing) == Failure("revoked", NOW)
    assert failure(ENDED, None) == Failure("revoked", NOW)
    assert failure(CONNECTION, None) is None


@pytest.mark.parametrize("state", [HALF, WHOLE])
def test_a_sync_whose_grant_ended_is_never_well(state: SyncState) -> None:
    """Whatever it stored before."""
    assert reported_status(state, ConnectionStatus.REAUTH_REQUIRED, NOW) == "ERROR"
