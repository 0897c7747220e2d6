"""The product's backend opens a connect session for one of its end users (API 2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from shared.domain.connect import SESSION_LIFETIME, ConnectSession, token_hash
from shared.domain.connection import Connection, ConnectionStatus
from shared.domain.end_user import end_user_from, tags_from
from shared.domain.ids import ConnectionId
from shared.domain.scopes import DEFAULT, spelled_out
from shared.errors import UnknownConnectionError
from shared.ports.clock import Clock
from shared.ports.connect_store import ConnectSessions
from shared.ports.connections import Connections
from shared.usecases.connect.settings import ConnectSettings


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Both body shapes of API 2 in one; what is None was not given.

    `scopes` are Gmail scopes in full; none means the default, or on reconnect those it had.
    """

    tags: Mapping[str, str] | None = None
    end_user: Mapping[str, Any] | None = None
    organization: Mapping[str, Any] | None = None
    allowed_integrations: tuple[str, ...] = ()
    integrations_config_defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    webhook_url_override: str | None = None
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
    """Answer a token that opens the connect page for 30 minutes."""

    sessions: ConnectSessions
    connections: Connections
    clock: Clock
    settings: ConnectSettings

    async def __call__(self, request: SessionRequest) -> OpenedSession:
        """Raise UnknownConnectionError where there is nothing to reconnect."""
        token = token_urlsafe(32)
        before = await self._reconnected(request.reconnect)
        session = self._session(token, request, before)
        await self.sessions.create(session)
        return OpenedSession(token, self.settings.connect_link(token), session.expires_at)

    async def _reconnected(self, id: ConnectionId | None) -> Connection | None:
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
        had = spelled_out(sorted(before.scopes)) if before else ()
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
            connection_id=request.reconnect or ConnectionId(str(uuid4())),
        )
