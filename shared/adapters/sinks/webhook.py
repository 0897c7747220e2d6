"""Webhooks over HTTP, to the public internet only (`vetted.py`)."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import aiohttp
from yarl import URL

from shared.adapters.sinks.name_lookups import BusyError, NameLookups, UnresolvedError
from shared.adapters.sinks.vetted import Lookup, new_session, vetted_url, was_refused
from shared.domain.events.addresses import AllowedHosts
from shared.domain.events.delivery import Attempted, Failure
from shared.domain.events.flavour import Flavour, nango_headers
from shared.domain.events.webhook_secret import signed_headers
from shared.domain.retry_after import retry_after_of
from shared.domain.trace_context import traceparent_for
from shared.errors import InvalidRequestError
from shared.ports.sinks import OutgoingEvent, Receiver

TIMEOUT_S: Final = 20.0
"""From the name's lookup to the answer's status (FACTS 12.1)."""
MOST_READ: Final = 16 * 1024
"""Bytes of an answer that are read, and thrown away; a longer one costs its connection."""
DRAIN_S: Final = 1.0
AT_ONCE: Final = 400
"""Connections: more than receivers get places, so that none waits here and is blamed for it."""
THROTTLED: Final = frozenset({429, 502, 503, 504})
GONE: Final = 410
OK, REDIRECT, NO_REDIRECT = 200, 300, 400


class WebhookHttp:
    """Sink of webhooks. Make it inside the event loop's process, after any fork."""

    def __init__(
        self,
        allowed: AllowedHosts,
        *,
        lookup: Lookup | None = None,
        timeout_s: float = TIMEOUT_S,
        tls: ssl.SSLContext | bool = True,
    ) -> None:
        """`tls` is what certificates are verified against; True means the system's roots."""
        self._allowed = allowed
        self._lookup = lookup or NameLookups()
        self._timeout_s = timeout_s
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, receiver: Receiver, outgoing: OutgoingEvent) -> Attempted:
        """Make one signed POST; whatever the receiver does is an outcome."""
        if not receiver.secrets:
            return Attempted(Failure.MISCONFIGURED)
        try:
            url = vetted_url(receiver.address, self._allowed)
        except (InvalidRequestError, ValueError):
            return Attempted(Failure.ADDRESS_REFUSED)
        headers = _headers(receiver, outgoing)
        try:
            return await self._post(url, outgoing.body, headers)
        except (TimeoutError, aiohttp.ServerTimeoutError):
            return Attempted(Failure.TIMEOUT)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Attempted(_failure(error))

    async def aclose(self) -> None:
        """Give back every connection."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, url: URL, body: bytes, headers: Mapping[str, str]) -> Attempted:
        async with asyncio.timeout(self._timeout_s):
            answer = await self._open_session().post(
                url, data=body, headers=headers, allow_redirects=False
            )
        try:
            if not await _drain(answer):
                answer.close()
        finally:
            answer.release()
        return _attempt(answer)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = new_session(
                self._allowed, self._lookup, self._tls, limit=AT_ONCE, total_s=self._timeout_s
            )
        return self._session


def _headers(receiver: Receiver, outgoing: OutgoingEvent) -> Mapping[str, str]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Postroom-Webhooks/1",
        "Accept-Encoding": "identity",
        **_signatures(receiver, outgoing),
    }
    if (traceparent := traceparent_for(outgoing.trace_id)) is not None:
        headers["traceparent"] = traceparent
    return headers


def _signatures(receiver: Receiver, outgoing: OutgoingEvent) -> Mapping[str, str]:
    if receiver.flavour is Flavour.NANGO:
        return nango_headers(outgoing.event_id, outgoing.at, outgoing.body, receiver.secrets[0])
    return signed_headers(outgoing.event_id, outgoing.at, outgoing.body, receiver.secrets)


def _attempt(answer: aiohttp.ClientResponse) -> Attempted:
    status = answer.status
    if OK <= status < REDIRECT:
        return Attempted(status=status)
    if status == GONE:
        return Attempted(Failure.GONE, status)
    if status in THROTTLED:
        wait = retry_after_of(answer.headers, datetime.now(UTC))
        return Attempted(Failure.THROTTLED, status, wait)
    redirected = REDIRECT <= status < NO_REDIRECT
    return Attempted(Failure.REDIRECTED if redirected else Failure.REFUSED, status)


async def _drain(answer: aiohttp.ClientResponse) -> bool:
    """Read what little an answer says, so that its connection serves again.

    The status was the answer: whatever happens to the rest changes nothing.
    """
    read = 0
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout(DRAIN_S):
            async for chunk in answer.content.iter_any():
                read += len(chunk)
                if read > MOST_READ:
                    return False
            return True
    return False


def _failure(error: Exception) -> Failure:
    causes = (error, error.__cause__, getattr(error, "os_error", None))
    if was_refused(error):
        return Failure.ADDRESS_REFUSED
    if any(isinstance(one, BusyError) for one in causes):
        return Failure.BUSY
    if any(isinstance(one, UnresolvedError) for one in causes):
        return Failure.UNRESOLVED
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Failure.TLS
    if isinstance(error, aiohttp.InvalidURL):
        return Failure.ADDRESS_REFUSED
    return Failure.UNREACHABLE
