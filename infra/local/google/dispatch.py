"""From an HTTP request to a Gmail method and back: token, limits, faults, one answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import orjson
from starlette.datastructures import QueryParams

from infra.local.google.bodies import struck_body
from infra.local.google.gmail.call import Call, Media, Method, Query
from infra.local.google.gmail.credentials import bad_token, no_token, scope_missing
from infra.local.google.gmail.errors import GmailError
from infra.local.google.oauth.grants import AccessToken
from infra.local.google.oauth.token import strikes
from infra.local.google.parts import Google
from infra.local.google.routing import Match, Routes
from infra.local.google.scripted import (
    over_quota,
    strike_after,
    strike_before,
    too_many_concurrent,
)
from infra.local.google.uploads import read_media

MAX_SEND_BYTES = 36_700_160  # FACTS 5.1
MAX_INSERT_BYTES = 157_286_400
UNKNOWN_ACCOUNT = "(unknown)"
ENDS_TOKENS = ("grant_revoked", "account_deleted")
REALM = 'Bearer realm="https://accounts.google.com/"'


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, alone or as a part of a batch. `read` yields at most so many bytes."""

    verb: str
    path: str
    query: str
    headers: Mapping[str, str]
    read: Callable[[int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: status, body, headers beside the content type."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Dispatcher:
    """The one way into the Gmail methods."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._routes = Routes()

    async def answer(self, asked: Asked, *, crowded: bool = False) -> Answer:
        """Serve a request. Raises ConnectionDroppedError if a fault wants that.

        `crowded` requests step aside once, so that those that came together are in flight
        together.
        """
        try:
            return await self._serve(asked, crowded)
        except GmailError as error:
            headers: Mapping[str, str] = getattr(error, "headers", {})
            if error.status == 401:  # noqa: PLR2004
                told = "" if error.reason == "required" else ', error="invalid_token"'
                headers = {"WWW-Authenticate": f"{REALM}{told}"}
            return Answer(error.status, orjson.dumps(error.body()), headers)

    async def _serve(self, asked: Asked, crowded: bool) -> Answer:
        match = self._routes.match(asked.verb, asked.path)
        email = UNKNOWN_ACCOUNT
        try:
            token = self._token(match, asked.headers)
            email = token.email
            self._check_rights(match, token)
            return await self._call_limited(asked, match, token, crowded)
        except GmailError as error:
            self._google.stats.count_refusal(match.method.id, email, error.reason)
            raise

    def _token(self, match: Match, headers: Mapping[str, str]) -> AccessToken:
        given = headers.get("authorization", "").strip()
        if not given:
            raise no_token(match.method.id)
        scheme, _, text = given.partition(" ")
        token = self._google.grants.access(text.strip()) if scheme.lower() == "bearer" else None
        if token is None or self._is_struck(token):
            raise bad_token()
        return token

    def _is_struck(self, token: AccessToken) -> bool:
        peeked = (self._google.faults.peek(name, "token", token.email) for name in ENDS_TOKENS)
        return any(found is not None and strikes(found, token.given_at) for found in peeked)

    def _check_rights(self, match: Match, token: AccessToken) -> None:
        if not token.scopes & match.method.scopes:
            raise scope_missing(match.method.id)
        user = match.path.get("userId", "me").lower()
        if user not in {"me", token.email.lower()}:
            raise GmailError(403, "forbidden", f"Delegation denied for {token.email}")
        if not self._google.store.has_mailbox(token.email):
            message = "Mail service not enabled"
            raise GmailError(400, "failedPrecondition", message, "FAILED_PRECONDITION")

    async def _call_limited(
        self, asked: Asked, match: Match, token: AccessToken, crowded: bool
    ) -> Answer:
        google, email = self._google, token.email
        in_flight = google.quota.enter(email)
        if in_flight is None:
            raise too_many_concurrent()
        try:
            google.stats.in_flight(email, in_flight)
            if crowded:
                await asyncio.sleep(0)
            await strike_before(google.faults, google.clock, match.method.id, email)
            if not google.quota.charge(email, match.method.units):
                raise over_quota(google.quota.told_again(email, match.method.units))
            google.stats.count_call(match.method.id, email, match.method.units)
            answer = await self._call(asked, match, token)
        finally:
            google.quota.leave(email)
        strike_after(google.faults, match.method.id, email)
        content = struck_body(google.faults, match.method.id, email, answer.content)
        return answer if content == answer.content else replace(answer, status=200, content=content)

    async def _call(self, asked: Asked, match: Match, token: AccessToken) -> Answer:
        query = cast("Query", QueryParams(asked.query))
        body, media = await self._read(asked, match, query)
        result = match.method.handler(
            Call(
                email=token.email,
                caller=token.email,
                scopes=token.scopes,
                store=self._google.store,
                watches=self._google.watches,
                now=self._google.clock.now(),
                query=query,
                path=match.path,
                body=body,
                media=media,
                client_id=self._google.settings.client_id,
                fault=partial(self._fault, match.method.id, token.email),
            )
        )
        if result is None:
            return Answer(204)
        return Answer(200, result if isinstance(result, bytes) else orjson.dumps(result))

    async def _read(self, asked: Asked, match: Match, query: Query) -> tuple[Any, Media | None]:
        if asked.verb in {"GET", "HEAD"}:
            return None, None
        limit = max_bytes(match.method)
        if match.is_upload:
            content = await asked.read(limit)
            upload_type = query.get("uploadType", "")
            return None, read_media(upload_type, asked.headers.get("content-type", ""), content)
        # A raw message grows by a third as base64, and JSON wraps it.
        content = await asked.read(limit * 4 // 3 + 65_536)
        return read_json(content), None

    def _fault(self, method: str, email: str, name: str) -> object | None:
        return self._google.faults.take(name, method, email)


def max_bytes(method: Method) -> int:
    """Return how large a message the method takes (FACTS 5.1)."""
    return MAX_INSERT_BYTES if method.id.endswith((".insert", ".import")) else MAX_SEND_BYTES


def read_json(content: bytes) -> Any:
    """Parse a request body. Raises GmailError 400 for what is not a JSON object."""
    if not content.strip():
        return None
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        message = "Invalid JSON payload received. Unable to parse the request body."
        raise GmailError(400, "parseError", message) from None
    if not isinstance(body, dict):
        message = "Invalid JSON payload received. Expected an object."
        raise GmailError(400, "parseError", message)
    return body
