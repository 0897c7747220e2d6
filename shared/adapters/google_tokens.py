"""Who calls a private entry: the port CallerTokens over Google's OIDC tokens (FACTS 7.1)."""

from typing import Protocol

import httpx

from shared.adapters.google_certs import GoogleCerts
from shared.adapters.google_jwt import GoogleJwt, refused
from shared.ports.clock import Clock


class CertsSettings(Protocol):
    """Where Google is."""

    @property
    def google_url(self) -> str | None:
        """One address in place of all of Google's hosts, or None for the real ones."""
        ...


class GoogleTokens:
    """CallerTokens.

    A token whose signature the platform removed is refused, but for a function `behind_iam`: there
    the platform let nobody in whose token it had not verified, and left the claims (FACTS 7.3).
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        settings: CertsSettings,
        clock: Clock,
        *,
        behind_iam: bool = False,
    ) -> None:
        certs = GoogleCerts(http, clock, settings.google_url)
        self._jwt = GoogleJwt(certs, clock, trust_removed=behind_iam)

    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        """Check the token and that it speaks for that service account."""
        claims = await self._jwt.claims(token, audience=audience)
        if not service_account or claims.get("email") != service_account:
            raise refused("its service account")
        if claims.get("email_verified") is not True:
            raise refused("its unverified e-mail")
