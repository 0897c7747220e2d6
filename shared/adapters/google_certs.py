"""Google's public certificates, cached as they ask to be (FACTS 7.2)."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard

import httpx
import orjson

from shared.ports.clock import Clock

CERTS_URL: Final = "https://www.googleapis.com"
CERTS_PATH: Final = "/oauth2/v1/certs"
TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
REFETCH_PAUSE: Final = timedelta(minutes=1)
"""Least time between two fetches, whoever asks: an unknown key id costs an attacker nothing."""
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
        """Answer the certificate of that key id, or None: unknown, or none can be had."""
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
