"""Hosts and secrets for own code: those that its row names, and no others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from shared.domain.ids import ConnectionId
from shared.domain.own_reach import SecretUnavailableError
from shared.domain.retry_after import retry_after_of
from shared.errors import InvalidRequestError, RateLimitedError
from shared.ports.google.apis import GoogleApis, HttpRefusedError
from shared.ports.outside import (
    OutsideAnswer,
    OutsideHttp,
    OutsideRequest,
    OutsideUnavailableError,
    Secrets,
)

GOOGLE: Final = ".googleapis.com"
TIMEOUT_S: Final = 30.0
LONGEST_S: Final = 240.0
OK, REDIRECT, TOO_MANY, IN_TROUBLE = 200, 300, 429, 500
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class OwnHttp:
    """JSON over https with the hosts that the row names.

    Hosts below .googleapis.com are asked in the connection's name, with its access token, unless
    headers are given; no other host ever gets the token.
    """

    owner: str
    hosts: tuple[str, ...]
    connection_id: ConnectionId
    google: GoogleApis
    outside: OutsideHttp

    async def get(
        self,
        url: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Any:
        """Return the answer's JSON. Raises what `request` raises."""
        return await self.request("GET", url, query=query, headers=headers, timeout_s=timeout_s)

    async def post(
        self,
        url: str,
        body: Any,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Any:
        """Return the answer's JSON. Raises what `request` raises."""
        return await self.request(
            "POST", url, query=query, body=body, headers=headers, timeout_s=timeout_s
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Any:
        """Return the answer's JSON, {} for an empty one. Nothing is repeated.

        Raises InvalidRequestError for a host that the row does not name, HttpRefusedError with the
        status, RateLimitedError, OutsideUnavailableError; of Google's hosts what any call raises.
        """
        host = self._host(url)
        if host.endswith(GOOGLE) and headers is None:
            return await self.google.request(
                self.connection_id, method, url, query=query or {}, body=body
            )
        content = None if body is None else orjson.dumps(body)
        request = OutsideRequest(
            method=method.upper(),
            host=host,
            url=_with_query(url, query or {}),
            headers={
                "accept": JSON,
                **({"content-type": JSON} if content is not None else {}),
                **{name.lower(): value for name, value in (headers or {}).items()},
            },
            content=content,
            timeout_s=min(timeout_s, LONGEST_S),
        )
        return _json_of(await self.outside(request))

    def _host(self, url: str) -> str:
        """Return the host of an address. Raises InvalidRequestError where it is none of ours."""
        try:
            host = urlsplit(url).netloc.lower()
        except ValueError:
            host = ""
        if host not in self.hosts:
            raise InvalidRequestError(
                f"{self.owner} may reach only the hosts that its row names: add this one to hosts.",
                code="host_not_named",
            )
        return host


@dataclass(frozen=True, slots=True)
class OwnSecrets:
    """Values of the secrets that the row declares."""

    owner: str
    declared: tuple[str, ...]
    secrets: Secrets = field(repr=False)

    def __call__(self, name: str) -> str:
        """Return the value. Raises SecretUnavailableError, which never quotes one."""
        if name not in self.declared:
            raise SecretUnavailableError(
                f"{self.owner} does not declare the secret it asks for: add its name to secrets."
            )
        value = self.secrets.get(name)
        if not value:
            raise SecretUnavailableError(
                f"The secret {name} has no value here: set it in the environment, or deploy it by "
                "own_secrets."
            )
        return value


@dataclass(frozen=True, slots=True)
class OwnReach:
    """Hands a row's hosts and secrets to the code that it runs."""

    google: GoogleApis
    outside: OutsideHttp
    secrets: Secrets = field(repr=False)

    def http(self, owner: str, hosts: tuple[str, ...], connection_id: ConnectionId) -> OwnHttp:
        """Return the client of a row's hosts, for one connection."""
        return OwnHttp(owner, hosts, connection_id, self.google, self.outside)

    def secret(self, owner: str, declared: tuple[str, ...]) -> OwnSecrets:
        """Return what reads a row's secrets."""
        return OwnSecrets(owner, declared, self.secrets)


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _json_of(answer: OutsideAnswer) -> Any:
    status = answer.status
    if status == TOO_MANY:
        wait = retry_after_of(answer.headers)
        raise RateLimitedError("The host asked to wait.", retry_after=wait)
    if status >= IN_TROUBLE:
        raise OutsideUnavailableError(f"The host answered {status}.")
    if not OK <= status < REDIRECT:
        raise HttpRefusedError(status)
    try:
        return orjson.loads(answer.content) if answer.content else {}
    except orjson.JSONDecodeError:
        raise HttpRefusedError(status, "no_json") from None
