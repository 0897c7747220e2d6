"""Verification of what Google signs: signature, issuer, audience and time; fail closed."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol, TypeGuard

import httpx
import orjson
from google.auth import crypt, jwt
from google.auth.exceptions import GoogleAuthError

from shared.domain.base64url import decode_base64url
from shared.errors import UnauthenticatedError
from shared.ports.clock import Clock

CERTS_URL: Final = "https://www.googleapis.com"
CERTS_PATH: Final = "/oauth2/v1/certs"
TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
REFETCH_PAUSE: Final = timedelta(minutes=1)
"""Least time between two fetches of any caller: an unknown key id costs an attacker nothing."""
CERTIFICATE: Final = "-----BEGIN CERTIFICATE-----"
DEFAULT_AGE: Final = timedelta(minutes=5)
MAX_AGE: Final = timedelta(days=1)
GRACE: Final = timedelta(hours=1)
"""How long expired certificates still serve while Google does not hand out new ones."""
_MAX_AGE: Final = re.compile(r"max-age=(\d{1,9})")


class GoogleCerts:
    """Certificates by key id; one fetch serves all who wait."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock, base_url: str | None = None) -> None:
        self._http = http
        self._clock = clock
        self._url = (base_url or CERTS_URL).rstrip("/") + CERTS_PATH
        self._certs: dict[str, str] = {}
        self._fresh_until: datetime | None = None
        self._fetched_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def pem(self, key_id: str) -> str | None:
        """Return the certificate of that key id, or None: unknown, or none can be had."""
        if not self._knows(key_id):
            async with self._lock:
                if not self._knows(key_id) and self._may_fetch():
                    await self._fetch()
        now = self._clock.now()
        if self._fresh_until is None or now >= self._fresh_until + GRACE:
            return None
        return self._certs.get(key_id)

    def _knows(self, key_id: str) -> bool:
        fresh = self._fresh_until is not None and self._clock.now() < self._fresh_until
        return fresh and key_id in self._certs

    def _may_fetch(self) -> bool:
        return self._fetched_at is None or self._clock.now() - self._fetched_at >= REFETCH_PAUSE

    async def _fetch(self) -> None:
        """Fetch; a failure leaves what there is."""
        self._fetched_at = self._clock.now()
        try:
            response = await self._http.get(self._url, timeout=TIMEOUT)
            certs = orjson.loads(response.content) if response.is_success else None
        except (httpx.HTTPError, orjson.JSONDecodeError):
            return
        if _is_certificates(certs):
            self._certs = certs
            self._fresh_until = self._fetched_at + _age(response)


def _is_certificates(found: Any) -> TypeGuard[dict[str, str]]:
    """Whether it is what Google publishes: anything else must not replace what there is."""
    if not isinstance(found, dict) or not found:
        return False
    return all(isinstance(one, str) and one.startswith(CERTIFICATE) for one in found.values())


def _age(response: httpx.Response) -> timedelta:
    told = _MAX_AGE.search(response.headers.get("cache-control", ""))
    return min(timedelta(seconds=int(told[1])), MAX_AGE) if told else DEFAULT_AGE


MOST_KEYS: Final = 16


@lru_cache(MOST_KEYS)
def _verifier(pem: str) -> crypt.RSAVerifier:
    """Return what verifies by a certificate; reading one takes as long as it verifies."""
    read = crypt.RSAVerifier.from_string
    return read(pem)  # type: ignore[no-untyped-call,no-any-return]  # unannotated there


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
        """Return the claims of a token that verifies. Raises UnauthenticatedError."""
        header, claims = _read_unverified(token)
        if not (self.trust_removed and token.endswith(f".{SIGNATURE_REMOVED}")):
            await self._check_signature(token, header)
        self._check_claims(claims, audience)
        return claims

    async def _check_signature(self, token: str, header: Mapping[str, Any]) -> None:
        key_id = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(key_id, str):
            raise refusal("its algorithm or key id")
        pem = await self.certs.pem(key_id)
        if pem is None:
            raise refusal("its key, which Google does not publish")
        signed, _, signature = token.rpartition(".")
        try:
            valid = _verifier(pem).verify(signed.encode(), decode_base64url(signature))
        except (ValueError, TypeError, GoogleAuthError):
            valid = False
        if not valid:
            raise refusal("its signature")

    def _check_claims(self, claims: Claims, audience: str) -> None:
        now = self.clock.now().timestamp()
        issued, expires = _time(claims, "iat"), _time(claims, "exp")
        if claims.get("iss") not in ISSUERS:
            raise refusal("its issuer")
        if not audience or claims.get("aud") != audience:
            raise refusal("its audience")
        if issued is None or issued > now + SKEW.total_seconds():
            raise refusal("its time of issue")
        if expires is None or now >= expires + SKEW.total_seconds():
            raise refusal("its expiry")


def _read_unverified(token: str) -> tuple[Mapping[str, Any], Claims]:
    if len(token) > MAX_TOKEN_CHARS:
        raise refusal("its size")
    try:
        header = jwt.decode_header(token)  # type: ignore[no-untyped-call]  # unannotated there
        return header, jwt.decode(token, verify=False)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, RecursionError, GoogleAuthError):
        raise refusal("its form") from None


def _time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number else None


def refusal(what: str) -> UnauthenticatedError:
    """Return the error that names what did not hold, and nothing of the token."""
    return UnauthenticatedError(f"The token is not accepted because of {what}.")


class CertsSettings(Protocol):
    """Where Google is."""

    @property
    def google_url(self) -> str | None:
        """One address in place of all of Google's hosts, or None for the real ones."""
        ...


class GoogleTokens:
    """CallerTokens.

    A token whose signature the platform removed is refused, but for a function `behind_iam`: there
    the platform let no caller in whose token it had not verified, and left the claims (FACTS 7.3).
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
            raise refusal("its service account")
        if claims.get("email_verified") is not True:
            raise refusal("its unverified e-mail")
