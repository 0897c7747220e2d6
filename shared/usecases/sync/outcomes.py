"""How a sync of one mailbox ends where nothing is wrong."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.sync.state import Tally


@dataclass(frozen=True, slots=True)
class Synced:
    """The run ended by itself; `due` is when the next look is wanted."""

    tally: Tally
    due: datetime | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """Another worker holds the lease; it will see the hint, or its expiry wakes another."""

    until: datetime


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """Unknown, stopped, or the hint was stale."""


@dataclass(frozen=True, slots=True)
class LostLease:
    """The lease passed on; what was not committed is dropped."""


SyncOutcome = Synced | HeldElsewhere | NothingToDo | LostLease
