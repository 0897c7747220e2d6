"""A refresh token that the product holds already becomes a connection (API 3.4).

Nothing the caller says of it is believed: Google is asked whether it works with our OAuth client,
whose it is, and what it allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from shared.domain.connect.connect_session import ConnectSession, token_hash
from shared.domain.connect.connection import ConnectionStatus
from shared.domain.connect.end_user import end_user_from, tags_from
from shared.domain.connect.scopes import KNOWN, implied_scopes, is_narrowed
from shared.domain.google.trouble import OTHER_CLIENT, DeploymentError
from shared.domain.ids import ConnectionId, sub_by_address
from shared.errors import (
    InvalidRequestError,
    PostroomError,
    Problem,
    ReauthRequiredError,
    UnauthenticatedError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.google.oauth import GoogleOAuth, Identity, Tokens
from shared.usecases.connect.consent.create_connection import CreateConnection
from shared.usecases.connect.update_connection import ChangeConnection

TOKEN_PATH = ("credentials", "refresh_token")
MOMENT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What the product gives; without `connection_id` one is made."""

    refresh_token: str
    connection_id: ConnectionId | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    end_user: Mapping[str, Any] | None = None
    organization: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook_url_override: str | None = None


@dataclass(frozen=True)
class ImportGrant:
    """Return the connection's id; importing again for the same account renews its grant."""

    connections: Connections
    oauth: GoogleOAuth
    clock: Clock
    create_connection: CreateConnection
    change_connection: ChangeConnection

    async def __call__(self, request: ImportRequest) -> ConnectionId:
        """Raise InvalidRequestError where Google does not accept the token, or it is no use;
        GoogleOAuthUnavailableError; ConnectRefusedError("closing").
        """  # noqa: D205
        started_at = self.clock.now()
        tokens = await self._prove(request.refresh_token)
        identity = await self._identity(tokens)
        session = await self._session(request, identity)
        connected = await self.create_connection(session, identity, tokens, started_at)
        if request.metadata:
            metadata = dict(request.metadata)
            await self.change_connection(
                connected.connection_id, lambda was: replace(was, metadata=metadata)
            )
        return connected.connection_id

    async def _prove(self, refresh_token: str) -> Tokens:
        try:
            tokens = await self.oauth.refresh(refresh_token)
        except ReauthRequiredError:
            raise _refusal("Google no longer accepts this refresh token.") from None
        except DeploymentError as error:
            if error.told != OTHER_CLIENT:
                raise
            raise _refusal(
                "Google does not accept this refresh token from our OAuth client: it must have "
                "been issued to the client id of this deployment."
            ) from None
        if not implied_scopes(tokens.scopes) & KNOWN:
            raise _refusal("This refresh token allows nothing with Gmail.")
        if is_narrowed(tokens.scopes):
            raise _refusal(
                "This refresh token was granted gmail.metadata beside a wider scope, and Gmail "
                "then refuses searches and whole messages: ask for consent without it."
            )
        return replace(tokens, refresh_token=tokens.refresh_token or refresh_token)

    async def _identity(self, tokens: Tokens) -> Identity:
        try:
            identity = await self.oauth.identity(tokens.access_token)
        except UnauthenticatedError:
            return await self._by_profile(tokens)
        if not identity.email_verified:
            raise _refusal("Google has not verified the address of this account.")
        return identity

    async def _by_profile(self, tokens: Tokens) -> Identity:
        """Return whose mailbox it is; its `sub` is asked for at the next consent."""
        try:
            email = await self.oauth.address_of(tokens.access_token)
        except UnauthenticatedError:
            raise _refusal(
                "Google does not say whose token this is: it must have been granted "
                "`openid email`, or the right to read, beside Gmail's other scopes."
            ) from None
        return Identity(sub_by_address(email), email, email_verified=True)

    async def _session(self, request: ImportRequest, identity: Identity) -> ConnectSession:
        """Return the connect session that this import stands for; it is stored nowhere."""
        id = request.connection_id or ConnectionId(str(uuid4()))
        found = await self.connections.get(id)
        if found is not None:
            leaving = found.value.status is ConnectionStatus.DISCONNECTING
            if leaving or not found.value.is_of(identity.sub, identity.email):
                raise InvalidRequestError(
                    "This connection_id belongs to another Google account, or is being removed.",
                    problems=(Problem("taken", "Choose another.", ("connection_id",)),),
                )
        now = self.clock.now()
        tags = {**tags_from(request.end_user, request.organization), **request.tags}
        return ConnectSession(
            id=token_hash(token_urlsafe(32)),
            created_at=now,
            expires_at=now + MOMENT,
            tags=tags,
            end_user=end_user_from(tags),
            reconnect=id if found else None,
            webhook_url_override=request.webhook_url_override,
            connection_id=id,
        )


def _refusal(message: str) -> PostroomError:
    return InvalidRequestError(message, problems=(Problem("invalid", message, TOKEN_PATH),))
