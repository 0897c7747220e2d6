"""Webhooks over HTTP, to the public internet only.

A name is resolved once, by us; every address it has is judged, in every family; the connection
goes to those very addresses. So a name that answers differently the second time, an address in
disguise and a redirect lead nowhere (FACTS 12.1).
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from shared.adapters.sinks.name_lookups import BusyError, NameLookups, UnresolvedError
from shared.domain.events.addresses import AllowedHosts, checked_url, is_public
from shared.domain.events.delivery import Attempted, Failure
from shared.domain.events.flavour import Flavour, nango_headers
from shared.domain.events.webhook_secret import signed_headers
from shared.domain.trace_context import traceparent_for
from shared.errors import InvalidRequestError
from shared.ports.sinks import OutgoingEvent, Receiver

TIMEOUT_S: Final = 20.0
"""From the name's lookup to the answer's status (FACTS 12.1)."""
CONNECT_S: Final = 8.0
MOST_READ: Final = 16 * 1024
"""Bytes of an answer that are read, and thrown away; a longer one costs its connection."""
DRAIN_S: Final = 1.0
AT_ONCE: Final = 400
"""Connections: more than receivers get places, so that none waits here and is blamed for it."""
THROTTLED: Final = frozenset({429, 502, 503, 504})
GONE: Final = 410
OK, REDIRECT, NO_REDIRECT = 200, 300, 400

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a name, of every family; raises UnresolvedError where it has none."""


class AddressRefusedError(OSError):
    """A name that leads where no webhook may go; an OSError, for aiohttp passes those on."""


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
            url = URL(checked_url(receiver.address, self._allowed))
        except (InvalidRequestError, ValueError):
            return Attempted(Failure.ADDRESS_REFUSED)
        if _is_literal(url) and not (self._trusts(url) or is_public(url.host or "")):
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
            answer = await self._opened().post(
                url, data=body, headers=headers, allow_redirects=False
            )
        try:
            if not await _drained(answer):
                answer.close()
        finally:
            answer.release()
        return _attempted(answer)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Vetted(self._lookup, self._allowed),
                use_dns_cache=False,
                ssl=self._tls,
                limit=AT_ONCE,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=CONNECT_S),
            )
            self._session._retry_connection = False  # noqa: SLF001  no public switch; each attempt is counted
        return self._session

    def _trusts(self, url: URL) -> bool:
        return self._allowed.allow(url.host or "", url.port or 0)


class _Vetted(AbstractResolver):
    """Answers aiohttp the addresses of a name, or refuses where one of them is not public."""

    def __init__(self, lookup: Lookup, allowed: AllowedHosts) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  every family is judged
    ) -> list[ResolveResult]:
        """Raise AddressRefusedError, OSError."""
        found = await self._lookup(host, port)
        if not self._allowed.allow(host, port) and not all(is_public(one) for one in found):
            raise AddressRefusedError("not on the public internet")
        return [_result(host, one, port) for one in found]

    async def close(self) -> None:
        """Nothing is kept."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=flags
    )


def _is_literal(url: URL) -> bool:
    """Whether the host is an address already, so that nobody resolves it."""
    host = url.host or ""
    return ":" in host or host.replace(".", "").isdecimal()


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


def _attempted(answer: aiohttp.ClientResponse) -> Attempted:
    status = answer.status
    if OK <= status < REDIRECT:
        return Attempted(status=status)
    if status == GONE:
        return Attempted(Failure.GONE, status)
    if status in THROTTLED:
        return Attempted(Failure.THROTTLED, status, _retry_after(answer))
    redirected = REDIRECT <= status < NO_REDIRECT
    return Attempted(Failure.REDIRECTED if redirected else Failure.REFUSED, status)


def _retry_after(answer: aiohttp.ClientResponse) -> timedelta | None:
    """Read seconds or an HTTP date; nonsense is as if it were absent."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return timedelta(seconds=min(int(value[:9]), 10**8))
    with suppress(ValueError, TypeError):
        sent = answer.headers.get("Date")
        now = parsedate_to_datetime(sent) if sent else datetime.now(UTC)
        return max(parsedate_to_datetime(value) - now, timedelta(0))
    return None


async def _drained(answer: aiohttp.ClientResponse) -> bool:
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
    if any(isinstance(one, AddressRefusedError) for one in causes):
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
