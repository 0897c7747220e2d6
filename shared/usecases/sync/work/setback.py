"""What an error of a run means for the mailbox: how long it waits, and whether that is news."""

from datetime import timedelta

from shared.domain.google.trouble import MessagesRefusedError, PreconditionFailedError
from shared.domain.sync.plan import backoff
from shared.domain.sync.state import SyncState
from shared.domain.troubles import LONG_LADDER, treatment_of
from shared.errors import GmailRefusedError, PostroomError, TransientError

TOLD_AFTER = 3
"""Transient failures in a row after which the product is told that the sync is failing."""


def wait_after(error: PostroomError, failures: int) -> timedelta:
    """Return how long the mailbox waits for the next look, pushes apart."""
    if isinstance(error, GmailRefusedError):
        return LONG_LADDER
    if isinstance(error, PreconditionFailedError):  # it comes and goes, and may stay
        return backoff(failures, LONG_LADDER)
    return backoff(failures, treatment_of(error).sync_longest or LONG_LADDER)


def is_news(error: PostroomError, state: SyncState, before: SyncState, failures: int) -> bool:
    """Whether the product has not been told of it yet."""
    if isinstance(error, MessagesRefusedError):  # what else comes meanwhile does not end it
        return before.last_error != error.code
    if isinstance(error, TransientError):
        return failures + 1 == TOLD_AFTER
    return state.last_error != error.code
