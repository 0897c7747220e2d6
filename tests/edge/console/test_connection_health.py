"""What the console says of a mailbox: the worst that is the case, why, and which button helps."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.connect.scopes import SEND
from shared.domain.ids import HistoryId
from shared.domain.sync.mailbox import Mailbox
from shared.domain.sync.state import Backfill, SyncState, SyncStatus
from shared.edge.console.connections.health import health_of, lag
from shared.pages.console.render import in_time, number, percent, span
from tests.harness.samples import CONNECTION, NOW, a_connection

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BOX = Mailbox(
    a_connection().mailbox_id,
    frozenset({CONNECTION}),
    watch_expires_at=NOW + 5 * DAY,
    last_push_at=NOW - 3 * MINUTE,
)
CURRENT = SyncState(
    CONNECTION,
    checkpoint=HistoryId(9),
    last_delta_at=NOW,
    next_due_at=NOW + timedelta(hours=1),
)
WHAT: list[tuple[dict[str, Any], str, str | None]] = [
    ({}, "Current", None),
    ({"status": SyncStatus.PAUSED}, "Paused", "start"),
    ({"status": SyncStatus.STOPPED}, "Stopped", None),
    ({"deferred_until": NOW + MINUTE}, "Waiting for Google", None),
    ({"deferred_until": NOW - MINUTE}, "Current", None),
    ({"last_error": "upstream_error", "failures": 3}, "Failing", "trigger"),
    ({"last_error": "domain_policy", "deferred_until": NOW + MINUTE}, "Failing", "trigger"),
    ({"last_error": "rate_limited", "deferred_until": NOW + MINUTE}, "Waiting for Google", None),
    ({"recovering_since": NOW}, "Recovering", None),
    ({"backfill": Backfill(None, NOW)}, "Reading", None),
    ({"hint": HistoryId(10)}, "Current", None),
    ({"hint": HistoryId(10), "last_delta_at": NOW - 3 * MINUTE}, "Behind", "trigger"),
    ({"next_due_at": NOW - 11 * MINUTE}, "Overdue", "trigger"),
    ({"quarantine_due_at": NOW}, "Some set aside", "quarantine"),
    ({"status": SyncStatus.PAUSED, "last_error": "x", "hint": HistoryId(10)}, "Paused", "start"),
]


@pytest.mark.parametrize(("changes", "label", "fix"), WHAT, ids=[one[1] for one in WHAT])
def test_the_worst_is_told_with_its_remedy(
    changes: dict[str, Any], label: str, fix: str | None
) -> None:
    found = health_of(a_connection(), replace(CURRENT, **changes), BOX, NOW)
    assert (found.label, found.fix) == (label, fix)
    assert found.why.endswith((".", "?"))


def test_trouble_that_a_person_must_end_says_what_helps() -> None:
    closed = replace(CURRENT, last_error="domain_policy", failures=2)
    assert "administrators" in health_of(a_connection(), closed, BOX, NOW).why


def test_a_dead_grant_comes_before_everything() -> None:
    dead = a_connection(status=ConnectionStatus.REAUTH_REQUIRED, error="revoked")
    found = health_of(dead, replace(CURRENT, status=SyncStatus.PAUSED), BOX, NOW)
    assert (found.label, found.fix) == ("Needs consent", "reconnect")
    assert "withdrew the consent" in found.why
    odd = health_of(replace(dead, error="deleted_client"), CURRENT, BOX, NOW)
    assert "deleted_client" in odd.why


def test_a_connection_without_a_sync_sends_only_or_has_yet_to_begin() -> None:
    sends = a_connection(scopes=frozenset({SEND}))
    paused = replace(CURRENT, status=SyncStatus.PAUSED)
    for state in (None, paused):
        found = health_of(sends, state, None, NOW)
        assert (found.label, found.tone, found.fix) == ("Sends only", "plain", None)
    assert health_of(a_connection(), None, None, NOW).label == "Starting"
    leaving = a_connection(status=ConnectionStatus.DISCONNECTING)
    assert health_of(leaving, None, None, NOW).label == "Disconnecting"


def test_a_dead_watch_is_named() -> None:
    expired = replace(BOX, watch_expires_at=NOW)
    assert health_of(a_connection(), CURRENT, expired, NOW).label == "Watch expired"
    silent = replace(BOX, watch_error="silent", silent_since=NOW)
    assert "announces nothing" in health_of(a_connection(), CURRENT, silent, NOW).why
    refused = replace(BOX, watch_error="forbidden")
    assert health_of(a_connection(), CURRENT, refused, NOW).label == "No push"


def test_lag_is_how_long_an_announced_change_has_been_waiting() -> None:
    assert lag(None, None, NOW) is None
    assert lag(CURRENT, BOX, NOW) is None
    waiting = replace(CURRENT, hint=HistoryId(10))
    assert lag(replace(waiting, last_delta_at=NOW - 5 * MINUTE), BOX, NOW) == 3 * MINUTE
    assert lag(waiting, BOX, NOW + MINUTE) == MINUTE  # the push that was noted is an older one
    assert lag(waiting, None, NOW + MINUTE) == MINUTE


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0.0004, "0 ms"),
        (0.85, "850 ms"),
        (1, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (100_000, "27 h"),
        (200_000, "2 d"),
    ],
)
def test_durations_read_as_people_say_them(length: float, text: str) -> None:
    assert span(length) == text


def test_moments_shares_and_numbers_read_as_people_say_them() -> None:
    def said(moment: datetime | None) -> str:
        return in_time(moment, NOW)

    assert said(NOW) == "now"
    assert said(NOW - 5 * MINUTE) == "5 min ago"
    assert said(NOW + 3 * DAY) == "in 3 d"
    assert said(None) == "never"
    assert [percent(one) for one in (1.0, 0.99999, 0.5, None)] == [
        "100 %",
        "99.9 %",
        "50.0 %",
        "not audited",
    ]
    assert number(1_234_567).replace("\N{NARROW NO-BREAK SPACE}", " ") == "1 234 567"
