"""Connections to the public internet only, whatever a name answers.

A name is resolved once, by us; every address it has is judged, in every family; the connection
goes to those very addresses. So a name that answers differently the second time, an address in
disguise and a redirect lead nowhere (FACTS 12.1).
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from shared.domain.events.addresses import AllowedHosts, checked_url, is_public

CONNECT_S: Final = 8.0
LONGEST_FIELD: Final = 64 * 1024
"""Bytes of one field of an answer's head: none of it is ours to judge, and 8 KiB are too few."""
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a name, of every family; raises UnresolvedError where it has none."""


class AddressRefusedError(OSError):
    """A name that leads where nothing may go; an OSError, for aiohttp passes those on."""


def vetted_url(address: str, allowed: AllowedHosts) -> URL:
    """Return an address that may be asked. Raises InvalidRequestError, ValueError."""
    url = URL(checked_url(address, allowed))
    host = url.host or ""
    if _is_literal(host) and not (allowed.allow(host, url.port or 0) or is_public(host)):
        raise ValueError("not on the public internet")
    return url


def new_session(
    allowed: AllowedHosts, lookup: Lookup, tls: ssl.SSLContext | bool, *, limit: int, total_s: float
) -> aiohttp.ClientSession:
    """Make a session that follows nothing, keeps nothing and repeats nothing of its own."""
    connector = aiohttp.TCPConnector(
        resolver=_Vetted(lookup, allowed), use_dns_cache=False, ssl=tls, limit=limit
    )
    hears: type[ResponseHandler] = _HeadFirst
    loop = asyncio.get_running_loop()
    connector._factory = partial(hears, loop=loop)  # noqa: SLF001  no public way to name it
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=total_s, sock_connect=CONNECT_S),
        max_field_size=LONGEST_FIELD,
    )
    session._retry_connection = False  # noqa: SLF001  no public switch; each attempt is counted
    return session


def was_refused(error: Exception) -> bool:
    """Whether the address was judged to be on no public network."""
    causes = (error, error.__cause__, getattr(error, "os_error", None))
    return any(isinstance(one, AddressRefusedError) for one in causes)


class _HeadFirst(ResponseHandler):
    """Hears the head of an answer by itself.

    aiohttp drops the head where what came with it is no HTTP: a 204 with a body, or a body that is
    longer than was said.
    """

    def data_received(self, data: bytes) -> None:
        """Pass on what arrived, cut where a head ends."""
        head, end, rest = data.partition(b"\r\n\r\n")
        super().data_received(head + end)
        if rest:
            super().data_received(rest)


class _Vetted(AbstractResolver):
    """Gives aiohttp the addresses of a name, or refuses where one of them is not public."""

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


def _is_literal(host: str) -> bool:
    """Whether the host is an address already, so that nothing resolves it."""
    return ":" in host or host.replace(".", "").isdecimal()
