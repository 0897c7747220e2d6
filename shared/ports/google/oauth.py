"""Google's OAuth endpoints, sealing of what they hand out, and who calls a private entry."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.ids import ConnectionId, GoogleSub


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified id_token: who consented (FACTS 6.5)."""

    sub: GoogleSub
    email: str
    email_verified: bool
    hosted_domain: str | None = None
    """The Workspace domain that Google hosts the account for, by its word (`hd`)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The token endpoint's answer; `refresh_token` is None on a refresh (FACTS 6.4)."""

    access_token: str
    expires_at: datetime
    scopes: frozenset[str]
    refresh_token: str | None = None
    id_token: str | None = None
    consent_ends_at: datetime | None = None
    """When a consent given for a limited time ends (FACTS 6.4)."""


class GoogleOAuth(Protocol):
    """Authorization-code flow with PKCE S256 (FACTS 6.1)."""

    def authorization_url(
        self,
        *,
        state: str,
        nonce: str,
        code_challenge: str,
        scopes: tuple[str, ...],
        login_hint: str | None = None,
    ) -> str:
        """Return Google's consent address: access_type=offline, prompt=consent."""
        ...

    async def exchange(self, *, code: str, code_verifier: str) -> Tokens:
        """Redeem a code.

        Raises GrantRevokedError (bad or used code), GoogleOAuthUnavailableError,
        DeploymentError (invalid_client).
        """
        ...

    async def refresh(self, refresh_token: str) -> Tokens:
        """Raises GrantRevokedError, SessionPolicyError, GoogleOAuthUnavailableError,
        DeploymentError (FACTS 6.7).
        """  # noqa: D205, D401
        ...

    async def revoke(self, token: str) -> None:
        """Revoke the user's whole grant (FACTS 6.9); an unknown token counts as revoked."""
        ...

    async def address_of(self, access_token: str) -> str:
        """Return the address of the mailbox that the access token opens, by users.getProfile.

        For grants without `openid email`. Raises UnauthenticatedError where it may not be asked,
        DeploymentError, GoogleOAuthUnavailableError.
        """
        ...

    async def identity(self, access_token: str) -> Identity:
        """Ask Google whose token it is.

        Raises UnauthenticatedError where Google will not say, GoogleOAuthUnavailableError.
        """
        ...

    async def verify_id_token(self, id_token: str, *, nonce: str) -> Identity:
        """Check signature, audience, issuer, expiry and nonce. Raises UnauthenticatedError."""
        ...


class GoogleSignIn(Protocol):
    """Who a person is, by authorization code with PKCE S256 and nonce; no access is asked for."""

    def address(self, *, state: str, nonce: str, code_challenge: str) -> str:
        """Return the address of Google's account chooser."""
        ...

    async def identity(self, *, code: str, code_verifier: str, nonce: str) -> Identity:
        """Redeem a code for a verified id_token's claims.

        Raises UnauthenticatedError, GrantRevokedError (bad or used code),
        GoogleOAuthUnavailableError, DeploymentError.
        """
        ...


class Sealer(Protocol):
    """AES-256-GCM under a data key per connection, itself wrapped by a key-encryption key.

    Methods that touch the key-encryption key may raise KeysUnavailableError, DeploymentError.
    """

    async def new_data_key(self, connection_id: ConnectionId) -> bytes:
        """Return a fresh wrapped data key."""
        ...

    async def seal(
        self, plaintext: str, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> bytes:
        """Return the ciphertext with its key id; bound to connection and purpose."""
        ...

    async def current_key(self) -> str:
        """Return the id of the key-encryption key that new data keys get."""
        ...

    def key_of(self, data_key: bytes) -> str:
        """Return the id of the key-encryption key behind a wrapped data key."""
        ...

    async def rewrap(self, data_key: bytes, *, connection_id: ConnectionId) -> bytes:
        """Return the same data key under the current key-encryption key.

        What it sealed goes on opening. Raises CorruptStateError where it cannot be unwrapped.
        """
        ...

    async def open(
        self, sealed: bytes, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> str:
        """Return the plaintext. Raises CorruptStateError where it does not authenticate."""
        ...


class CallerTokens(Protocol):
    """Verification of Google-signed OIDC tokens."""

    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        """Check signature, issuer, audience, expiry, e-mail and email_verified (FACTS 7.1).

        Raises UnauthenticatedError.
        """
        ...
