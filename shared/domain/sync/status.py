"""How a sync stands, in words that count: what it waits for, how much it has (API 5)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.google.refusals import Concern
from shared.domain.sync.records.record import QuarantineEntry
from shared.domain.sync.state import SyncState, SyncStatus
from shared.domain.troubles import CODES
from shared.errors import RateLimitedError, ReauthRequiredError

Coverage = Literal["partial", "whole"]
ReportedStatus = Literal["RUNNING", "PAUSED", "STOPPED", "SUCCESS", "ERROR"]
MOST_HICCUPS = 3
_PASSING = frozenset({Concern.PASSING, Concern.RATE, Concern.CONCURRENCY})
SOON = timedelta(hours=1)
"""A sync that waits for longer between two steps is not running."""


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why nothing is read before `until`: the class of the trouble."""

    concern: Concern
    until: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """What keeps a connection from working, as a code."""

    code: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """The messages in quarantine; `reasons` with how many each keeps out."""

    count: int
    oldest: datetime | None
    reasons: Mapping[str, int]


def set_aside(entries: Sequence[QuarantineEntry]) -> SetAside:
    """Return the entries in numbers."""
    oldest = min((entry.first_failed_at for entry in entries), default=None)
    return SetAside(len(entries), oldest, Counter(entry.reason for entry in entries))


def deferral(until: datetime | None, error: str | None, now: datetime) -> Deferral | None:
    """Return what a sync waits for; a wait without a failure is a rate limit's."""
    if until is None or until <= now:
        return None
    return Deferral(CODES.get(error or RateLimitedError.code, Concern.CALL), until)


def failure(connection: Connection, state: SyncState | None) -> Failure | None:
    """Return what is wrong; a grant that ended goes before what its sync met by it."""
    since = state.failing_since if state else None
    if connection.status is ConnectionStatus.REAUTH_REQUIRED:
        code = connection.error or ReauthRequiredError.code
        return Failure(code, since or connection.updated_at)
    if state is None or state.last_error is None:
        return None
    return Failure(state.last_error, since or state.last_finished_at or connection.updated_at)


def has_backfilled(state: SyncState) -> bool:
    """Whether the window was read to its end."""
    return state.backfill is not None and state.backfill.finished_at is not None


def coverage(state: SyncState) -> Coverage:
    """Return whether the records are the window's; what is in quarantine is counted apart."""
    whole = has_backfilled(state) and state.recovering_since is None and not state.emptying
    return "whole" if whole else "partial"


def reported_status(
    state: SyncState, connection: ConnectionStatus, now: datetime
) -> ReportedStatus:
    """Return the status in the official client's five words.

    RUNNING only while a worker holds it or its next step is due within the hour; never SUCCESS
    while the grant is not good, something of the window is missing or a look is asked for.
    """
    if state.status is not SyncStatus.RUNNING:
        return "PAUSED" if state.status is SyncStatus.PAUSED else "STOPPED"
    if connection is ConnectionStatus.REAUTH_REQUIRED:
        return "ERROR"
    if state.is_held(now):
        return "RUNNING"
    if coverage(state) == "whole" and not _is_asked(state):
        return "ERROR" if state.last_error else "SUCCESS"
    is_soon = state.next_due_at is not None and state.next_due_at <= now + SOON
    return "RUNNING" if is_soon and not _fails(state) else "ERROR"


def _is_asked(state: SyncState) -> bool:
    """Whether Gmail or a caller announced something that was not looked for yet."""
    news = state.hint is not None and (state.checkpoint is None or state.hint > state.checkpoint)
    return news or state.looks_wanted > state.looks_taken


def _fails(state: SyncState) -> bool:
    """Whether it stands still by more than what passes by itself within moments."""
    passes = CODES.get(state.last_error or "", Concern.PASSING) in _PASSING
    return state.failures >= MOST_HICCUPS or not passes
