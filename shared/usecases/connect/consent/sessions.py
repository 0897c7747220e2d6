"""Connect sessions: opened by the backend, looked at, exchanged for a ticket, ended (API 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from shared.domain.connect.connect_session import (
    SESSION_LIFETIME,
    TICKET_LIFETIME,
    ConnectSession,
    ConnectTicket,
    token_hash,
)
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.end_user import end_user_from, tags_from
from shared.domain.connect.scopes import DEFAULT, METADATA, is_narrowed, spelled_out
from shared.domain.ids import ConnectionId
from shared.errors import (
    ConflictError,
    ConnectRefusedError,
    InvalidRequestError,
    UnauthenticatedError,
    UnknownConnectionError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, ConnectSessions, ConnectTickets
from shared.ports.documents import Versioned, update
from shared.usecases.connect.settings import ConnectSettings


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Both body shapes of API 2.1 in one; what is None was not given.

    `scopes` are Gmail scopes in full; none means the default, or on reconnect those it had.
    """

    tags: Mapping[str, str] | None = None
    end_user: Mapping[str, Any] | None = None
    organization: Mapping[str, Any] | None = None
    allowed_integrations: tuple[str, ...] = ()
    integrations_config_defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    webhook_url_override: str | None = None
    return_url: str | None = None
    scopes: tuple[str, ...] = ()
    reconnect: ConnectionId | None = None


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The token is shown this once; only its hash is stored."""

    token: str
    connect_link: str
    expires_at: datetime


@dataclass(frozen=True)
class CreateConnectSession:
    """Return a token that opens the connect page for 30 minutes, and while a consent lasts."""

    sessions: ConnectSessions
    connections: Connections
    clock: Clock
    settings: ConnectSettings

    async def __call__(self, request: SessionRequest) -> OpenedSession:
        """Raise UnknownConnectionError where there is nothing to reconnect, InvalidRequestError."""
        if is_narrowed(request.scopes):
            raise InvalidRequestError(
                "gmail.metadata beside a wider scope makes Gmail refuse searches and whole "
                "messages: leave it out.",
                code="metadata_scope",
            )
        token = token_urlsafe(32)
        before = await self._find_reconnecting(request.reconnect)
        session = self._session(token, request, before)
        await self.sessions.create(session)
        return OpenedSession(token, self.settings.connect_link(token), session.expires_at)

    async def _find_reconnecting(self, id: ConnectionId | None) -> Connection | None:
        if id is None:
            return None
        found = await self.connections.get(id)
        if found is None or found.value.status is ConnectionStatus.DISCONNECTING:
            raise UnknownConnectionError("No such connection to reconnect.")
        return found.value

    def _session(
        self, token: str, request: SessionRequest, before: Connection | None
    ) -> ConnectSession:
        now = self.clock.now()
        tags = {**tags_from(request.end_user, request.organization), **(request.tags or {})}
        if not tags and before is not None:
            tags = dict(before.tags)
        had = spelled_out(sorted(_asked_again(before.scopes))) if before else ()
        return ConnectSession(
            id=token_hash(token),
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
            tags=tags,
            end_user=end_user_from(tags) or (before.end_user if before else None),
            allowed_integrations=request.allowed_integrations,
            integrations_config_defaults=request.integrations_config_defaults,
            overrides=request.overrides,
            scopes=request.scopes or had or DEFAULT,
            reconnect=request.reconnect,
            webhook_url_override=request.webhook_url_override,
            return_url=request.return_url,
            connection_id=request.reconnect or ConnectionId(str(uuid4())),
        )


def _asked_again(scopes: frozenset[str]) -> frozenset[str]:
    """Return what a reconnect asks for: not what would narrow the rest."""
    return scopes - {METADATA} if is_narrowed(scopes) else scopes


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """The ticket in clear; only its hash is stored."""

    ticket: str
    expires_at: datetime


@dataclass(frozen=True)
class ExchangeTicket:
    """Return a single-use ticket for the session."""

    tickets: ConnectTickets
    clock: Clock

    async def __call__(
        self, session: ConnectSession, lifetime: timedelta = TICKET_LIFETIME
    ) -> IssuedTicket:
        """Trust the caller, who has authenticated the session's token.

        Raise UnauthenticatedError where it is too late for another consent.
        """
        if session.consents_until <= self.clock.now():
            raise _unknown_session()
        ticket = token_urlsafe(32)
        expires_at = self.clock.now() + lifetime
        await self.tickets.create(ConnectTicket(token_hash(ticket), session.id, expires_at))
        return IssuedTicket(ticket, expires_at)


@dataclass(frozen=True)
class TakeTicket:
    """Return the session id of a ticket, once."""

    tickets: ConnectTickets
    clock: Clock

    async def __call__(self, ticket: str) -> str:
        """Raise ConnectRefusedError("used_ticket") where it was used, is unknown or too old."""
        found = await self.tickets.get(token_hash(ticket))
        if found is None or found.value.expires_at <= self.clock.now():
            raise _used_ticket()
        try:
            first = await self.tickets.delete(found)
        except ConflictError:
            first = False
        if not first:
            raise _used_ticket()
        return found.value.session_id


def _used_ticket() -> ConnectRefusedError:
    return ConnectRefusedError("This link to Google was used or is too old.", code="used_ticket")


@dataclass(frozen=True)
class OpenConnectSession:
    """Return the session of a token."""

    sessions: ConnectSessions
    clock: Clock

    async def __call__(self, token: str) -> Versioned[ConnectSession]:
        """Raise UnauthenticatedError where the token is unknown, expired or withdrawn."""
        found = await self.sessions.get(token_hash(token))
        if found is None or found.value.deleted or found.value.expires_at <= self.clock.now():
            raise _unknown_session()
        return found


def _unknown_session() -> UnauthenticatedError:
    return UnauthenticatedError("This connect session is unknown or has expired: create a new one.")


@dataclass(frozen=True)
class WithdrawConnectSession:
    """End a session early: its token opens nothing any more."""

    sessions: ConnectSessions

    async def __call__(self, session_id: str) -> None:
        """Do nothing where it has gone already."""
        await update(self.sessions, session_id, lambda was: replace(was, deleted=True))
