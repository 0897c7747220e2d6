"""Who waits to hear how a consent ends: a page that opened a socket before it began one.

The page's socket and the consent's window are served by two functions, so what one has to tell the
other stands in the store: under the listener's name, which only its browser has.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.connect.connect_session import (
    ConnectSession,
    ConnectStatus,
    ConnectTicket,
    token_hash,
)
from shared.domain.ids import ConnectionId
from shared.errors import AlreadyExistsError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectSessions, ConnectTickets

LISTENS: Final = timedelta(minutes=4, seconds=30)
"""Less than the function that holds the socket may run (`infra/terraform/functions.tf`)."""
LOOK_EVERY: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """How it ended: a connection, or the code of a failure."""

    connection_id: ConnectionId | None = None
    error: str | None = None


@dataclass(frozen=True)
class TellListener:
    """Stores which session a listener waits for, or why there will be none."""

    tickets: ConnectTickets
    clock: Clock

    async def __call__(
        self, listener: str, session_id: str = "", *, refused: str | None = None
    ) -> None:
        """Do it once; what is said of the same listener later changes nothing."""
        until = self.clock.now() + LISTENS
        with suppress(AlreadyExistsError):
            await self.tickets.create(ConnectTicket(_name(listener), session_id, until, refused))


@dataclass(frozen=True)
class AwaitConsent:
    """Waits until a listener's consent has ended."""

    tickets: ConnectTickets
    sessions: ConnectSessions
    clock: Clock

    async def __call__(self, listener: str) -> Heard | None:
        """Return how it ended, None where that took too long. Raises StoreUnavailableError."""
        until, session_id = self.clock.now() + LISTENS, None
        while self.clock.now() < until:
            if session_id is None:
                found = await self.tickets.get(_name(listener))
                if found is not None and found.value.refused is not None:
                    return Heard(error=found.value.refused)
                session_id = found.value.session_id if found else None
            if session_id is not None:
                session = await self.sessions.get(session_id)
                if heard := _heard(session.value if session else None):
                    return heard
            await self.clock.sleep(LOOK_EVERY)
        return None


def _heard(session: ConnectSession | None) -> Heard | None:
    if session is None or session.deleted:
        return Heard(error="expired_session")
    if session.status is ConnectStatus.CONNECTED:
        return Heard(session.connection_id)
    return Heard(error=session.error) if session.status is ConnectStatus.FAILED else None


def _name(listener: str) -> str:
    """Return the listener's document; no ticket that opens a consent is called so."""
    return token_hash(f"listener {listener}")
