"""Tokens for what the laptop's queue and scheduler send: the emulated Google's, or our own."""

import base64
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import quote

import httpx

from shared.errors import UnauthenticatedError
from shared.ports.clock import Clock

MARGIN = timedelta(minutes=5)


class CallTokens(Protocol):
    """Where the tokens of our own calls come from."""

    async def __call__(self, *, service_account: str, audience: str) -> str:
        """Return a token. Raises httpx.HTTPError."""
        ...


class IdTokens:
    """One token per audience and service account, asked for again shortly before it expires."""

    def __init__(self, client: httpx.AsyncClient, google_url: str, clock: Clock) -> None:
        self._client = client
        self._google_url = google_url
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[str, datetime]] = {}

    async def __call__(self, *, service_account: str, audience: str) -> str:
        """Return a token. Raises httpx.HTTPError where the emulated Google does not answer."""
        wanted = (service_account, audience)
        token, expires_at = self._kept.get(wanted, ("", datetime.min.replace(tzinfo=UTC)))
        if self._clock.now() + MARGIN >= expires_at:
            token = await self._generate(*wanted)
            self._kept[wanted] = token, _expiry(token)
        return token

    async def _generate(self, service_account: str, audience: str) -> str:
        account = quote(service_account, safe="@")
        answer = await self._client.post(
            f"{self._google_url}/v1/projects/-/serviceAccounts/{account}:generateIdToken",
            headers={"Authorization": "Bearer local-operator"},
            json={"audience": audience, "includeEmail": True},
        )
        answer.raise_for_status()
        return str(answer.json()["token"])


class OwnTokens:
    """CallTokens and CallerTokens in one object, for a laptop whose calls Google does not sign.

    A key of this process alone: what any other process makes is refused.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    async def __call__(self, *, service_account: str, audience: str) -> str:
        """Return the one token of this account and audience."""
        return self._token(audience, service_account)

    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        """Raise UnauthenticatedError where it is not that one."""
        made = self._token(audience, service_account)
        if not hmac.compare_digest(token.encode(), made.encode()):
            raise UnauthenticatedError("The token is not one of this process.")

    def _token(self, audience: str, service_account: str) -> str:
        named = json.dumps([audience, service_account]).encode()
        return hmac.new(self._key, named, "sha256").hexdigest()


def _expiry(token: str) -> datetime:
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return datetime.fromtimestamp(claims["exp"], UTC)
