"""The HTTP client of every adapter: httpx over aiohttp's transport, HTTP/1.1, kept alive.

Why aiohttp underneath: `shared/DECISIONS.md`, "HTTP transport". The errors are httpx's own, and
they are exact about one thing: ConnectError, ConnectTimeout and PoolTimeout mean that no byte of
the request left. Nothing is retried here, not even what HTTP calls idempotent.
"""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
MAX_CONNECTIONS: Final = 200
KEEPALIVE_S: Final = 60.0
MAX_HEADER_BYTES: Final = 64 * 1024
DEFAULT_LIMITS: Final = httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEPALIVE_S)
TRUSTING_NONE: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""In place of certificates that the package would read although its sessions are made here."""


def new_http_client(
    *, max_connections: int = MAX_CONNECTIONS, timeout: httpx.Timeout = TIMEOUT
) -> httpx.AsyncClient:
    """Make a client; call it inside the event loop's process, after any fork.

    It follows no redirects, keeps no cookies and ignores proxy variables. Close it with
    `aclose()`.
    """
    limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=KEEPALIVE_S)
    return httpx.AsyncClient(
        transport=ExactTransport(_roots(), limits),
        timeout=timeout,
        trust_env=False,
    )


@cache
def _roots() -> ssl.SSLContext | bool:
    """Return whom to trust: the system's roots, else certifi's.

    aiohttp has read the system's by now; each reading takes 20 to 30 ms of a cold start.
    """
    if ssl.get_default_verify_paths().cafile is not None:
        return True
    return httpx.create_ssl_context(trust_env=False)


class ExactTransport(AiohttpTransport):
    """httpx-aiohttp, which calls every broken connection a ConnectTimeout, put right.

    The difference decides whether a mail may have been sent. `roots` is whom to trust, True the
    system's as aiohttp has read them.
    """

    def __init__(self, roots: ssl.SSLContext | bool, limits: httpx.Limits = DEFAULT_LIMITS) -> None:
        super().__init__(verify=TRUSTING_NONE, limits=limits, trust_env=False)
        self.roots = roots

    def get_client(self) -> aiohttp.ClientSession:
        """Make the session on first use, inside the running loop."""
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self.limits.max_connections or 0,
                keepalive_timeout=self.limits.keepalive_expiry,
                ssl=self.roots,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            max_field_size=MAX_HEADER_BYTES,
            max_line_size=MAX_HEADER_BYTES,
        )
        session._retry_connection = False  # noqa: SLF001  no public switch: it repeats PUT and DELETE
        return session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        with _exact_errors():
            response = await super().handle_async_request(request)
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _ExactStream(response.stream)
        return response


class _ExactStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _exact_errors():
            async for chunk in self._stream:
                yield chunk

    async def aclose(self) -> None:
        with _exact_errors():
            await self._stream.aclose()


@contextmanager
def _exact_errors() -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise _exact(error) from error.__cause__
    except (TimeoutError, aiohttp.ClientError) as error:  # what the package let through
        raise httpx.RemoteProtocolError(type(error).__name__) from error


def _exact(error: httpx.TransportError) -> httpx.TransportError:
    match error.__cause__:
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(str(error))
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout(str(error))
        case aiohttp.ServerTimeoutError():
            return httpx.ReadTimeout(str(error))
        case aiohttp.ClientConnectionError():
            return httpx.ReadError(str(error))
    return error
