"""Verification of what Google signs: signature, issuer, audience and time; fail closed."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from google.auth import crypt, jwt
from google.auth.exceptions import GoogleAuthError

from shared.adapters.google_certs import GoogleCerts
from shared.errors import UnauthenticatedError
from shared.ports.clock import Clock

ISSUERS: Final = frozenset({"https://accounts.google.com", "accounts.google.com"})
SKEW: Final = timedelta(seconds=30)
SIGNATURE_REMOVED: Final = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What Cloud Run puts in place of a signature it has verified (FACTS 7.3)."""
MAX_TOKEN_CHARS: Final = 8_192
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GoogleJwt:
    """Reads tokens with google-auth and Google's cached certificates.

    Time is the clock's, which google-auth's own check would not ask.
    """

    certs: GoogleCerts
    clock: Clock
    trust_removed: bool = False
    """Whether a signature that the platform verified and removed counts as verified."""

    async def claims(self, token: str, *, audience: str) -> Claims:
        """Answer the claims of a token that verifies. Raises UnauthenticatedError."""
        header, claims = _unverified(token)
        if not (self.trust_removed and token.endswith(f".{SIGNATURE_REMOVED}")):
            await self._check_signature(token, header)
        self._check_claims(claims, audience)
        return claims

    async def _check_signature(self, token: str, header: Mapping[str, Any]) -> None:
        key_id = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            raise refused("its algorithm or key id")
        pem = await self.certs.pem(key_id)
        if pem is None:
            raise refused("its key, which Google does not publish")
        signed, _, signature = token.rpartition(".")
        try:
            valid = crypt.verify_signature(  # type: ignore[no-untyped-call]  # unannotated there
                signed.encode(), _padded(signature), pem
            )
        except (ValueError, TypeError, GoogleAuthError):
            valid = False
        if not valid:
            raise refused("its signature")

    def _check_claims(self, claims: Claims, audience: str) -> None:
        now = self.clock.now().timestamp()
        issued, expires = _time(claims, "iat"), _time(claims, "exp")
        if claims.get("iss") not in ISSUERS:
            raise refused("its issuer")
        if not audience or claims.get("aud") != audience:
            raise refused("its audience")
        if issued is None or issued > now + SKEW.total_seconds():
            raise refused("its time of issue")
        if expires is None or now >= expires + SKEW.total_seconds():
            raise refused("its expiry")


def _unverified(token: str) -> tuple[Mapping[str, Any], Claims]:
    if len(token) > MAX_TOKEN_CHARS:
        raise refused("its size")
    try:
        header = jwt.decode_header(token)  # type: ignore[no-untyped-call]  # unannotated there
        return header, jwt.decode(token, verify=False)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, RecursionError, GoogleAuthError):
        raise refused("its form") from None


def _padded(signature: str) -> bytes:
    return urlsafe_b64decode(signature + "=" * (-len(signature) % 4))


def _time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number else None


def refused(what: str) -> UnauthenticatedError:
    """Answer the error that names what did not hold, and nothing of the token."""
    return UnauthenticatedError(f"The token is not accepted because of {what}.")
