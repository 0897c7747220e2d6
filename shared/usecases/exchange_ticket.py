"""A session token becomes a ticket that may travel in an address (DESIGN 5).

Cookies of an iframe are partitioned, so consent starts at top level, in a popup: its address
carries the ticket, which is worth nothing after one use or a minute, instead of the token.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe

from shared.domain.connect import TICKET_LIFETIME, ConnectTicket, token_hash
from shared.errors import ConflictError, ConnectRefusedError
from shared.ports.clock import Clock
from shared.ports.connect_store import ConnectTickets


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """The ticket in clear; only its hash is stored."""

    ticket: str
    expires_at: datetime


@dataclass(frozen=True)
class ExchangeTicket:
    """Answer a single-use ticket for the session."""

    tickets: ConnectTickets
    clock: Clock

    async def __call__(
        self, session_id: str, lifetime: timedelta = TICKET_LIFETIME
    ) -> IssuedTicket:
        """Trust the caller, who has authenticated the session's token."""
        ticket = token_urlsafe(32)
        expires_at = self.clock.now() + lifetime
        await self.tickets.create(ConnectTicket(token_hash(ticket), session_id, expires_at))
        return IssuedTicket(ticket, expires_at)


@dataclass(frozen=True)
class TakeTicket:
    """Answer the session id of a ticket, once."""

    tickets: ConnectTickets
    clock: Clock

    async def __call__(self, ticket: str) -> str:
        """Raise ConnectRefusedError("used_ticket") where it was used, is unknown or too old."""
        found = await self.tickets.get(token_hash(ticket))
        if found is None or found.value.expires_at <= self.clock.now():
            raise _used()
        try:
            first = await self.tickets.delete(found)
        except ConflictError:
            first = False
        if not first:
            raise _used()
        return found.value.session_id


def _used() -> ConnectRefusedError:
    return ConnectRefusedError("This link to Google was used or is too old.", code="used_ticket")
