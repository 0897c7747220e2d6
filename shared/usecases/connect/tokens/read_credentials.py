"""A connection's live tokens, for a product that calls Gmail by itself (API 3.1)."""

from dataclasses import dataclass
from typing import Any

from shared.domain.connect.grant import Grant
from shared.domain.ids import ConnectionId
from shared.errors import GrantRevokedError
from shared.ports.connections import Grants
from shared.ports.google.oauth import Sealer
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.tokens.token_seal import opened_refresh_token


@dataclass(frozen=True, slots=True)
class ReadCredentials:
    """Returns credentials in the shape of API 3.1."""

    grants: Grants
    access_tokens: AccessTokens
    sealer: Sealer

    async def __call__(
        self, id: ConnectionId, *, force_refresh: bool = False, refresh_token: bool = False
    ) -> dict[str, Any]:
        """Raise ReauthRequiredError, GoogleOAuthUnavailableError."""
        token = await self.access_tokens(id)
        if force_refresh:
            token = await self.access_tokens(id, rejected=token)
        found = await self.grants.get(id)
        if found is None:
            raise GrantRevokedError("The end user must connect again.")
        credentials = _credentials(found.value, token)
        if refresh_token:
            credentials["refresh_token"] = await opened_refresh_token(self.sealer, found.value)
        return credentials


def _credentials(grant: Grant, token: str) -> dict[str, Any]:
    return {
        "type": "OAUTH2",
        "access_token": token,
        "expires_at": grant.access_expires_at,
        "raw": {
            "access_token": token,
            "expires_at": grant.access_expires_at,
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        },
    }
