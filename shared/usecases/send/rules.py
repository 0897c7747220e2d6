"""What holds for every send before it begins, and calling one off."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import COMPOSE, READONLY, SEND, implied_scopes
from shared.domain.ids import ConnectionId
from shared.domain.send.entry import KEY_LIFETIME, DeliveryMode, SendEntry, SendState, send_id
from shared.domain.send.request import SendRequest
from shared.errors import (
    IdempotencyConflictError,
    InvalidRequestError,
    MissingScopeError,
    NotFoundError,
    SendUnderWayError,
)
from shared.ports.clock import Clock
from shared.ports.documents import update
from shared.ports.sends import Sends

MAX_KEY: Final = 256
CANCELLABLE: Final = frozenset({SendState.ACCEPTED, SendState.HELD})
"""A draft that a held send has made already stays in the mailbox: its owner may want it."""
LATEST: Final = timedelta(days=30)


def checked_key(idempotency_key: str | None) -> str:
    """Return the key, or a fresh one where none was given. Raises InvalidRequestError."""
    if idempotency_key is None:
        return uuid4().hex
    if not 0 < len(idempotency_key) <= MAX_KEY:
        raise InvalidRequestError(
            f"Idempotency-Key must have 1 to {MAX_KEY} characters.", code="invalid_headers"
        )
    return idempotency_key


def checked_time(send_at: datetime | None, now: datetime) -> datetime | None:
    """Return when to send. Raises InvalidRequestError."""
    if send_at is None:
        return None
    if send_at < now:
        raise InvalidRequestError(
            "send_at is in the past: leave it out to send now.", code="send_at_in_past"
        )
    if send_at > now + LATEST:
        raise InvalidRequestError(
            f"send_at is more than {LATEST.days} days ahead: send it later.", code="send_at_too_far"
        )
    return send_at


def delivery_mode(connection: Connection, request: SendRequest) -> DeliveryMode:
    """Return how to submit: by draft where the grant allows drafts and reading (DESIGN 6.2).

    Raises MissingScopeError.
    """
    granted = implied_scopes(connection.scopes)
    by_draft = COMPOSE in granted and READONLY in granted
    if SEND not in granted:
        raise MissingScopeError(
            "This connection may not send: its end user has to connect again and allow it.",
            scope=SEND,
        )
    if request.delivery is DeliveryMode.EXACTLY_ONCE and not by_draft:
        raise MissingScopeError(
            "delivery 'exactly_once' needs the right to keep drafts and to read: have the end user "
            "connect again, or send with delivery 'direct'.",
            scope=COMPOSE if COMPOSE not in granted else READONLY,
        )
    return request.delivery or (DeliveryMode.EXACTLY_ONCE if by_draft else DeliveryMode.DIRECT)


def same(entry: SendEntry, request: SendRequest) -> None:
    """Raise IdempotencyConflictError unless this is the request the entry was made for."""
    if entry.request_hash != request.fingerprint():
        raise IdempotencyConflictError(
            "This Idempotency-Key was used with another body: use a new key for a new message."
        )


@dataclass(frozen=True, slots=True)
class CancelSend:
    """Wins or loses against the worker by compare-and-set."""

    sends: Sends
    clock: Clock

    async def __call__(self, connection_id: ConnectionId, idempotency_key: str) -> SendEntry:
        """Return the cancelled entry; cancelling twice is no error.

        Raises NotFoundError, SendUnderWayError, StoreUnavailableError.
        """
        entry = await update(self.sends, send_id(connection_id, idempotency_key), self._cancel)
        if entry is None:
            raise NotFoundError("No send with this idempotency key on this connection.")
        return entry

    def _cancel(self, entry: SendEntry) -> SendEntry:
        now = self.clock.now()
        if entry.state is SendState.CANCELLED:
            return entry
        if entry.state not in CANCELLABLE or entry.busy(now):
            raise SendUnderWayError(
                f"This send is {entry.state.value} and can no longer be cancelled."
            )
        return replace(
            entry,
            state=SendState.CANCELLED,
            updated_at=now,
            claimed_until=None,
            next_due_at=None,
            request=b"",
            expires_at=now + KEY_LIFETIME,
        )


SEND_TASK: Final = "/tasks/send"
BULK_TASK: Final = "/tasks/send/bulk"
