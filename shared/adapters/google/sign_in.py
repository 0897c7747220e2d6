"""Signing in with Google: the port GoogleSignIn over the deployment's own OAuth client."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import httpx

from shared.adapters.google.id_tokens import refusal
from shared.adapters.google.oauth import CONSENT_URL, HttpGoogleOAuth, OAuthSettings
from shared.ports.clock import Clock
from shared.ports.google.oauth import Identity

IDENTITY_ONLY: Final = "openid email"


@dataclass(frozen=True, slots=True)
class _Client:
    """The client with another redirect address."""

    oauth_client_id: str
    oauth_client_secret: str
    redirect_uri: str
    google_url: str | None


class HttpGoogleSignIn:
    """GoogleSignIn. Nothing is kept of the tokens: they are read once and dropped."""

    def __init__(
        self, http: httpx.AsyncClient, settings: OAuthSettings, clock: Clock, redirect_uri: str
    ) -> None:
        self._client = _Client(
            settings.oauth_client_id,
            settings.oauth_client_secret,
            redirect_uri,
            settings.google_url,
        )
        self._oauth = HttpGoogleOAuth(http, self._client, clock)

    def address(self, *, state: str, nonce: str, code_challenge: str) -> str:
        """Return the account chooser's address; an earlier consent of the person is not joined."""
        query = {
            "client_id": self._client.oauth_client_id,
            "redirect_uri": self._client.redirect_uri,
            "response_type": "code",
            "scope": IDENTITY_ONLY,
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
            "access_type": "online",
            "prompt": "select_account",
        }
        host = (self._client.google_url or CONSENT_URL).rstrip("/")
        return f"{host}/o/oauth2/v2/auth?{urlencode(query)}"

    async def identity(self, *, code: str, code_verifier: str, nonce: str) -> Identity:
        """Redeem a code and verify the id_token that came with it."""
        tokens = await self._oauth.exchange(code=code, code_verifier=code_verifier)
        if tokens.id_token is None:
            raise refusal("its absence")
        return await self._oauth.verify_id_token(tokens.id_token, nonce=nonce)
