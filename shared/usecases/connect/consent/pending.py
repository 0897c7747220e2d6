"""Between Google's answer and the end user's word that this address is meant (DESIGN 5.2)."""

import json
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe

from shared.domain.connect.connect_session import (
    OAUTH_STATE_LIFETIME,
    ConnectSession,
    OAuthState,
    token_hash,
)
from shared.domain.connect.end_user import known_email, known_name
from shared.domain.ids import GoogleSub, email_key
from shared.errors import CorruptStateError
from shared.ports.clock import Clock
from shared.ports.connections import OAuthStates
from shared.ports.google.oauth import Identity, Sealer, Tokens
from shared.usecases.connect.consent.outcomes import ConfirmNeeded
from shared.usecases.connect.consent.start_consent import flow_name
from shared.usecases.connect.tokens.token_seal import open_alone, seal_alone

PURPOSE = "pending_grant"


def agrees(session: ConnectSession, identity: Identity) -> bool:
    """Whether the Google address is the one under which the product knows the end user.

    A forwarded connect link must not bind the mailbox of the person who follows it, so where the
    addresses differ, or the product named none, the end user must confirm.
    """
    known = known_email(session.end_user)
    return known is not None and email_key(known) == email_key(identity.email)


@dataclass(frozen=True)
class PendingGrants:
    """Keeps a consent sealed until it is confirmed, and forgets it after 15 minutes."""

    states: OAuthStates
    sealer: Sealer
    clock: Clock

    async def keep(
        self, session: ConnectSession, identity: Identity, tokens: Tokens
    ) -> ConfirmNeeded:
        """Store it and return what the confirmation page needs."""
        token, cookie = token_urlsafe(32), token_urlsafe(32)
        id = token_hash(token)
        sealed = await seal_alone(self.sealer, _dump(identity, tokens), owner=id, purpose=PURPOSE)
        expires_at = self.clock.now() + OAUTH_STATE_LIFETIME
        await self.states.create(
            OAuthState(id, session.id, b"", "", token_hash(cookie), expires_at, pending=sealed)
        )
        return ConfirmNeeded(
            token,
            flow_name(id),
            cookie,
            identity.email,
            known_email(session.end_user),
            known_name(session.end_user),
        )

    async def open(self, state: OAuthState) -> tuple[Identity, Tokens]:
        """Return what was kept. Raises CorruptStateError where the state holds no such thing."""
        if state.pending is None:
            raise CorruptStateError(PURPOSE)
        plain = await open_alone(self.sealer, state.pending, owner=state.id, purpose=PURPOSE)
        return _load(plain)


def _dump(identity: Identity, tokens: Tokens) -> str:
    return json.dumps(
        {
            "sub": identity.sub,
            "email": identity.email,
            "access_token": tokens.access_token,
            "expires_at": tokens.expires_at.isoformat(),
            "scopes": sorted(tokens.scopes),
            "refresh_token": tokens.refresh_token,
        }
    )


def _load(plain: str) -> tuple[Identity, Tokens]:
    kept = json.loads(plain)
    identity = Identity(GoogleSub(kept["sub"]), kept["email"], email_verified=True)
    tokens = Tokens(
        kept["access_token"],
        datetime.fromisoformat(kept["expires_at"]),
        frozenset(kept["scopes"]),
        kept["refresh_token"],
    )
    return identity, tokens
