"""OutsideHttp over aiohttp: the public internet, by the rules that webhooks go by."""

import asyncio
import ssl
from typing import Final

import aiohttp

from shared.adapters.sinks.name_lookups import NameLookups
from shared.adapters.sinks.vetted import Lookup, new_session, vetted_url, was_refused
from shared.domain.events.addresses import AllowedHosts
from shared.errors import InvalidRequestError
from shared.ports.google.apis import HttpRefusedError
from shared.ports.outside import OutsideAnswer, OutsideRequest, OutsideUnavailableError

MOST_BYTES: Final = 10 * 1024 * 1024
AT_ONCE: Final = 100
LONGEST_S: Final = 270.0


class AiohttpOutside:
    """Requests of own code. Make it inside the event loop's process, after any fork."""

    def __init__(
        self,
        allowed: AllowedHosts,
        *,
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | bool = True,
    ) -> None:
        self._allowed = allowed
        self._lookup = lookup or NameLookups()
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, request: OutsideRequest) -> OutsideAnswer:
        """Make one request; the errors name the host and no more of the address."""
        try:
            url = vetted_url(request.url, self._allowed)
        except (InvalidRequestError, ValueError):
            raise HttpRefusedError(0, "address_refused") from None
        headers = {"user-agent": "Postroom/1", "accept-encoding": "identity", **request.headers}
        try:
            async with (
                asyncio.timeout(request.timeout_s),
                self._open().request(
                    request.method,
                    url,
                    data=request.content,
                    headers=headers,
                    allow_redirects=False,
                ) as answer,
            ):
                content = await _read(answer)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            if was_refused(error):
                raise HttpRefusedError(0, "address_refused") from None
            text = f"{request.host} did not answer: {type(error).__name__}."
            raise OutsideUnavailableError(text) from None
        told = {name.lower(): value for name, value in answer.headers.items()}
        return OutsideAnswer(answer.status, told, content)

    async def aclose(self) -> None:
        """Give back every connection."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = new_session(
                self._allowed, self._lookup, self._tls, limit=AT_ONCE, total_s=LONGEST_S
            )
        return self._session


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_any():
        content += chunk
        if len(content) > MOST_BYTES:
            answer.close()
            raise HttpRefusedError(answer.status, "answer_too_large")
    return bytes(content)
