"""What a failed consent leaves behind: a session that says so, a log entry, a second chance."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.connect import ConnectSession, ConnectStatus
from shared.errors import ConflictError
from shared.ports.clock import Clock
from shared.ports.connect_store import ConnectSessions
from shared.ports.outbox import Operations
from shared.usecases.connect.auth_record import auth_operation
from shared.usecases.connect.outcomes import Refusal, Refused
from shared.usecases.exchange_ticket import ExchangeTicket

FINAL = frozenset({"already_connected", "expired_session", "disconnecting"})
"""Endings that asking again cannot change."""


@dataclass(frozen=True)
class RefuseConsent:
    """Tell the session, the log and, by the answer, the end user."""

    sessions: ConnectSessions
    operations: Operations
    exchange_ticket: ExchangeTicket
    clock: Clock

    async def __call__(
        self, session: ConnectSession, refusal: Refusal, started_at: datetime
    ) -> Refused:
        """Answer the outcome, with a ticket to try again while the session lasts."""
        await self._mark_failed(session.id, refusal.code)
        now = self.clock.now()
        name = "connect" if session.reconnect is None else "reconnect"
        await self.operations.append(
            auth_operation(
                name, session.reconnect, started_at, now, error=refusal.code,
                detail={"scopes_missing": len(refusal.scopes)},
            )
        )  # fmt: skip
        return Refused(
            refusal.code,
            await self._retry_ticket(session, refusal.code, session.expires_at - now),
            refusal.scopes,
            refusal.expected,
            refusal.given,
        )

    async def _retry_ticket(
        self, session: ConnectSession, code: str, left: timedelta
    ) -> str | None:
        if code in FINAL or left <= timedelta():
            return None
        return (await self.exchange_ticket(session.id, left)).ticket

    async def _mark_failed(self, session_id: str, code: str) -> None:
        while found := await self.sessions.get(session_id):
            if found.value.status is ConnectStatus.CONNECTED:
                return
            failed = replace(found.value, status=ConnectStatus.FAILED, error=code)
            try:
                await self.sessions.swap(found, failed)
            except ConflictError:
                continue
            return
