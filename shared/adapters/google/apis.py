"""GoogleApis over HTTP: the token goes to hosts below googleapis.com and to no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

import httpx
import orjson

from shared.domain.google.refusals import GMAIL, Concern, Refusal, meaning_of
from shared.domain.ids import ConnectionId
from shared.domain.retry_after import retry_after_of
from shared.errors import (
    GmailUnavailableError,
    MissingScopeError,
    RateLimitedError,
    ReauthRequiredError,
)
from shared.ports.google.apis import HttpRefusedError

GOOGLE: Final = ".googleapis.com"
MOST_BYTES: Final = 10 * 1024 * 1024
NEVER_PASSING: Final = frozenset({400, 404})
"""What these say of an API other than Gmail is for its reader to judge."""
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)


class AccessTokens(Protocol):
    """Where access tokens come from."""

    async def __call__(self, connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        """Return a token; `rejected` is one that was just refused, so another is needed."""
        ...


@dataclass(frozen=True)
class HttpGoogleApis:
    """Requests in one connection's name. `base` stands for every host, on the laptop."""

    http: httpx.AsyncClient
    tokens: AccessTokens
    base: str | None = None

    async def request(
        self,
        connection_id: ConnectionId,
        method: str,
        url: str,
        *,
        query: Mapping[str, str],
        body: Any = None,
    ) -> Any:
        """Return JSON. Raises HttpRefusedError and the transient and grant errors of ours."""
        address = self._address(url, query)
        token = await self.tokens(connection_id)
        status, headers, content = await self._send(method, address, token, body)
        if status == httpx.codes.UNAUTHORIZED:
            token = await self.tokens(connection_id, rejected=token)
            status, headers, content = await self._send(method, address, token, body)
        return _answer(status, headers, content)

    def _address(self, url: str, query: Mapping[str, str]) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" or parts.netloc != host or not host.endswith(GOOGLE):
            raise HttpRefusedError(0, "not_a_google_api")
        base = self.base.rstrip("/") if self.base else f"https://{host}"
        asked = "&".join(one for one in (parts.query, urlencode(query)) if one)
        return f"{base}{parts.path}{f'?{asked}' if asked else ''}"

    async def _send(
        self, method: str, address: str, token: str, body: Any
    ) -> tuple[int, httpx.Headers, bytes]:
        headers = {"authorization": f"Bearer {token}", "accept-encoding": "identity"}
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            headers["content-type"] = "application/json"
        request = self.http.build_request(
            method, address, headers=headers, content=content, timeout=TIMEOUT
        )
        try:
            response = await self.http.send(request, stream=True, follow_redirects=False)
            try:
                return response.status_code, response.headers, await _read(response)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            raise GmailUnavailableError(f"Google did not answer: {type(error).__name__}.") from None


async def _read(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MOST_BYTES:
            raise HttpRefusedError(response.status_code, "answer_too_large")
    return bytes(content)


def _answer(status: int, headers: httpx.Headers, content: bytes) -> Any:
    try:
        found = orjson.loads(content) if content else {}
    except orjson.JSONDecodeError:
        found = {}
    if httpx.codes.is_success(status):
        return found
    refusal, reason = _refusal(status, found)
    match meaning_of(refusal, GMAIL).concern:
        case Concern.RATE | Concern.CONCURRENCY:
            raise RateLimitedError("The API asked to wait.", retry_after=retry_after_of(headers))
        case Concern.SCOPE:
            raise MissingScopeError("The API needs a scope that was not granted.", scope="")
        case Concern.GRANT:
            raise ReauthRequiredError("Google does not accept this connection's access token.")
        case Concern.PASSING if status not in NEVER_PASSING:
            raise GmailUnavailableError(f"The API answered {status}.", status=status)
    raise HttpRefusedError(status, reason)


def _refusal(status: int, found: Any) -> tuple[Refusal, str]:
    """Return the refusal in all the ways Google names it, and its first reason."""
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return Refusal(status), ""
    entries = (*_dicts(error.get("details")), *_dicts(error.get("errors")))
    said = [one.get("reason") for one in entries] + [error.get("status")]
    reasons = [text[:100] for text in said if isinstance(text, str)]
    message = error.get("message")
    words = message if isinstance(message, str) else ""
    return Refusal(status, frozenset(reasons), words), next(iter(reasons), "")


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []
