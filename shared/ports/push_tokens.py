"""Who is calling a private entry: Pub/Sub, Cloud Tasks or Cloud Scheduler, by OIDC token."""

from typing import Protocol


class CallerTokens(Protocol):
    """Verification of Google-signed OIDC tokens."""

    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        """Check signature, issuer, audience, expiry, e-mail and email_verified (FACTS 7.1).

        Raises UnauthenticatedError.
        """
        ...
