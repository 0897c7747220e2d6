"""How a consent can end; each ending is a page."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.connect.connect_session import ConnectSession, ConnectStatus
from shared.domain.ids import ConnectionId
from shared.domain.troubles import DESCRIPTIONS, error_object
from shared.errors import AlreadyExistsError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectSessions
from shared.ports.documents import update
from shared.ports.events import Operations, Outbox
from shared.usecases.connect.auth_record import AuthOperation, auth_event, auth_operation
from shared.usecases.connect.consent.sessions import ExchangeTicket
from shared.usecases.connect.settings import ConnectSettings


@dataclass(frozen=True, slots=True)
class Connected:
    """The mailbox is connected and its sync is on the way."""

    connection_id: ConnectionId
    email: str
    reconnected: bool
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class ConfirmNeeded:
    """Nothing is bound yet: the end user must say that this address is meant.

    `token` and `cookie` finish the flow, once, in this browser (cookie named by `flow`).
    """

    token: str
    flow: str
    cookie: str
    google_email: str
    known_email: str | None
    known_name: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was bound; `code` selects the page.

    `retry_ticket` begins consent again where that can help. `scopes` are those not granted;
    `expected` and `given` are the addresses of a wrong account.
    """

    code: str
    retry_ticket: str | None = None
    scopes: tuple[str, ...] = ()
    expected: str | None = None
    given: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a consent cannot be bound, before any event."""

    code: str
    scopes: tuple[str, ...] = field(default=())
    expected: str | None = None
    given: str | None = None


ConsentOutcome = Connected | ConfirmNeeded | Refused

NOT_CONNECTED = "The consent ended without a connection; the end user was shown why."
FINAL = frozenset({"already_connected", "expired_session", "disconnecting"})
"""Endings that asking again cannot change."""


@dataclass(frozen=True)
class FailConsent:
    """Tell the session, the product, the log and, by the answer, the end user."""

    sessions: ConnectSessions
    outbox: Outbox
    operations: Operations
    exchange_ticket: ExchangeTicket
    clock: Clock
    settings: ConnectSettings

    async def __call__(
        self, session: ConnectSession, refusal: Refusal, started_at: datetime
    ) -> Refused:
        """Return the outcome, with a ticket to try again while there is time."""
        await self._mark_failed(session.id, refusal.code)
        now = self.clock.now()
        await self._notify(session, refusal.code, now)
        name = "connect" if session.reconnect is None else "reconnect"
        await self.operations.append(
            auth_operation(
                name, session.reconnect, started_at, now, error=refusal.code,
                detail={"scopes_missing": len(refusal.scopes)},
            )
        )  # fmt: skip
        return Refused(
            refusal.code,
            await self._retry_ticket(session, refusal.code, session.consents_until - now),
            refusal.scopes,
            refusal.expected,
            refusal.given,
            session.return_url,
        )

    async def _notify(self, session: ConnectSession, code: str, now: datetime) -> None:
        """Store the event of a connection that was not made; one that is renewed stays as it is."""
        if session.to_be is None or code in FINAL:
            return
        event = auth_event(
            session.to_be,
            AuthOperation.CREATION,
            occasion=f"{session.id}:{code}",
            generation=0,
            environment=self.settings.environment,
            now=now,
            error=error_object(code, DESCRIPTIONS.get(code, NOT_CONNECTED)),
        )
        with suppress(AlreadyExistsError):  # asked again and again, it is told once
            await self.outbox.create(event)

    async def _retry_ticket(
        self, session: ConnectSession, code: str, left: timedelta
    ) -> str | None:
        if code in FINAL or left <= timedelta():
            return None
        return (await self.exchange_ticket(session, left)).ticket

    async def _mark_failed(self, session_id: str, code: str) -> None:
        def as_failed(was: ConnectSession) -> ConnectSession | None:
            if was.status is ConnectStatus.CONNECTED:
                return None
            return replace(was, status=ConnectStatus.FAILED, error=code)

        await update(self.sessions, session_id, as_failed)
