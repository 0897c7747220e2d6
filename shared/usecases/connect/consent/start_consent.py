"""From our page to Google's consent screen (DESIGN 5.3, FACTS 6.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from typing import Any

from shared.domain.base64url import encode_base64url
from shared.domain.connect.connect_session import (
    OAUTH_STATE_LIFETIME,
    ConnectSession,
    ConnectStatus,
    OAuthState,
    token_hash,
)
from shared.domain.connect.connection import INTEGRATION, Connection
from shared.domain.connect.end_user import known_email
from shared.domain.connect.scopes import SIGN_IN
from shared.errors import ConflictError, ConnectRefusedError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, ConnectSessions, OAuthStates
from shared.ports.documents import Versioned, update
from shared.ports.google.oauth import GoogleOAuth, Sealer
from shared.usecases.connect.tokens.token_seal import seal_alone

VERIFIER = "code_verifier"


@dataclass(frozen=True, slots=True)
class ConsentStart:
    """Where to send the browser, and the cookie that binds the flow to it.

    `flow` names the cookie: two consents under way in one browser do not disturb each other.
    """

    url: str
    flow: str
    cookie: str
    lifetime: timedelta = OAUTH_STATE_LIFETIME


@dataclass(frozen=True)
class StartConsent:
    """Store state, nonce and PKCE verifier; return Google's address."""

    sessions: ConnectSessions
    states: OAuthStates
    connections: Connections
    sealer: Sealer
    oauth: GoogleOAuth
    clock: Clock

    async def __call__(self, session_id: str) -> ConsentStart:
        """Raise ConnectRefusedError: "expired_session", "already_connected"."""
        session = await self._open(session_id)
        state, nonce, verifier, cookie = (token_urlsafe(32) for _ in range(4))
        stored = OAuthState(
            id=token_hash(state),
            session_id=session_id,
            code_verifier=await seal_alone(
                self.sealer, verifier, owner=token_hash(state), purpose=VERIFIER
            ),
            nonce=nonce,
            cookie_hash=token_hash(cookie),
            expires_at=self.clock.now() + OAUTH_STATE_LIFETIME,
        )
        await self.states.create(stored)
        url = self.oauth.authorization_url(
            state=state,
            nonce=nonce,
            code_challenge=challenge_of(verifier),
            scopes=(*SIGN_IN, *session.scopes),
            login_hint=await self._login_hint(session),
        )
        return ConsentStart(url, flow_name(stored.id), cookie)

    async def _open(self, session_id: str) -> ConnectSession:
        """Return the session: pending, and alive until this consent can be over."""
        opened = await update(self.sessions, session_id, self._pending)
        if opened is None:
            raise ConnectRefusedError("The connect session is over.", code="expired_session")
        return opened

    def _pending(self, was: ConnectSession) -> ConnectSession | None:
        now = self.clock.now()
        if was.deleted or was.consents_until <= now:
            return None
        if was.status is ConnectStatus.CONNECTED:
            raise ConnectRefusedError("It is connected already.", code="already_connected")
        return replace(was.with_consent(now), status=ConnectStatus.PENDING, error=None)

    async def _login_hint(self, session: ConnectSession) -> str | None:
        if session.reconnect is not None:
            before: Versioned[Connection] | None = await self.connections.get(session.reconnect)
            return before.value.email if before else None
        given: Mapping[str, Any] = session.integrations_config_defaults.get(INTEGRATION) or {}
        asked = (given.get("authorization_params") or {}).get("login_hint")
        return str(asked) if asked else known_email(session.end_user)


def flow_name(document_id: str) -> str:
    """Return the part of the cookie's name that belongs to one flow."""
    return document_id[:12]


def challenge_of(verifier: str) -> str:
    """Return the PKCE challenge, S256."""
    return encode_base64url(sha256(verifier.encode()).digest())


async def consume_state(states: OAuthStates, state: str, cookie: str | None) -> OAuthState:
    """Return what the `state` parameter stands for, and use it up.

    One that had been used comes back as `used`, and holds nothing. Raises ConnectRefusedError:
    "unknown_state", "other_browser". A browser without the cookie does not use the state up: its
    owner may still come.
    """
    found = await states.get(token_hash(state))
    if found is None:
        raise unknown_state()
    if not compare_digest(token_hash(cookie or ""), found.value.cookie_hash):
        raise ConnectRefusedError(
            "This sign-in was started in another browser.", code="other_browser"
        )
    if found.value.used:
        return found.value
    try:
        await states.swap(found, replace(found.value, used=True, code_verifier=b"", pending=None))
    except ConflictError:
        raise unknown_state() from None
    return found.value


def unknown_state() -> ConnectRefusedError:
    """Return the refusal of a state that was never issued, or has nothing to show."""
    return ConnectRefusedError("This sign-in is unknown or was finished.", code="unknown_state")
