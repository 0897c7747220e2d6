"""One call on its way: its headers, its repetitions, its error.

A call is repeated only where that can do no harm: a read, what is the same when done twice, and
what carries an idempotency key. Anything else is repeated only if it surely was not begun: no
connection was made, or the answer was 429.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import (
    InProgressError,
    PostroomApiError,
    PostroomUnreachableError,
    RateLimitedError,
    ServerError,
    error_of,
    unreadable,
)

INTEGRATION: Final = "google-mail"
REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
NEVER_BEGUN: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
Query = Mapping[str, str | list[str]]
A = TypeVar("A", bound="ResponseModel")


class ResponseModel(BaseModel):
    """What Postroom answers; fields that are added later are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried, and how long is waited before it is tried again."""

    tries: int = 4
    first_wait: timedelta = timedelta(milliseconds=200)
    """It doubles each time; a Retry-After counts instead where there is one."""
    longest_wait: timedelta = timedelta(seconds=20)
    """A longer Retry-After is the caller's to wait for."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `repeatable` says whether doing it twice comes to the same."""

    method: str
    path: str
    connection_id: str | None = None
    query: Query = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool | None = None
    """None decides by the method."""

    @property
    def safe(self) -> bool:
        """Whether it may be repeated although it may have been done."""
        return self.method in REPEATABLE if self.repeatable is None else self.repeatable

    @property
    def all_headers(self) -> dict[str, str]:
        """Those given, and the connection's."""
        tenant = {"Connection-Id": self.connection_id} if self.connection_id else {}
        return {**tenant, **self.headers}


@dataclass(frozen=True, slots=True)
class Transport:
    """The way to one Postroom with one API key."""

    http: httpx.AsyncClient
    retry_policy: RetryPolicy = RetryPolicy()

    async def read(self, request: Request, model: type[A]) -> A:
        """Return what came, as a model. Raises PostroomApiError, PostroomUnreachableError."""
        return parse_response(await self.answer(request), model)

    async def json(self, request: Request) -> Any:
        """Return JSON that has no model. Raises as `read` does."""
        return json_of(await self.answer(request))

    async def answer(self, request: Request) -> httpx.Response:
        """Return a whole response that is a success. Raises as `read` does."""
        async with self.stream(request) as answer:
            await _read(answer)
            return answer

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[httpx.Response]:
        """Open a response whose body is read in the block; a broken body raises httpx's error."""
        answer = await self._send_retrying(request)
        try:
            yield answer
        finally:
            await answer.aclose()

    async def _send_retrying(self, request: Request) -> httpx.Response:
        for past in range(self.retry_policy.tries - 1):
            try:
                return await self._once(request)
            except (PostroomApiError, PostroomUnreachableError) as error:
                wait = self._wait(past, error)
                if not _harmless(request, error) or wait > self.retry_policy.longest_wait:
                    raise
                await asyncio.sleep(wait.total_seconds())
        return await self._once(request)

    def _wait(self, past: int, error: PostroomApiError | PostroomUnreachableError) -> timedelta:
        asked = error.retry_after if isinstance(error, PostroomApiError) else None
        spread = 0.5 + random.random()  # noqa: S311  it spreads callers out, and guards nothing
        return asked or min(
            self.retry_policy.first_wait * 2**past * spread, self.retry_policy.longest_wait
        )

    async def _once(self, request: Request) -> httpx.Response:
        built = self.http.build_request(
            request.method,
            request.path,
            params=request.query,
            json=request.body,
            content=request.content,
            headers=request.all_headers,
        )
        try:
            answer = await self.http.send(built, stream=True)
        except httpx.TransportError as problem:
            raise PostroomUnreachableError("Postroom did not answer.") from problem
        if answer.is_success:
            return answer
        try:
            await _read(answer)
        finally:
            await answer.aclose()
        raise error_of(answer)


def parse_response(answer: httpx.Response, model: type[A]) -> A:
    """Read a success as a model; what does not fit came from something in between."""
    try:
        return model.model_validate_json(answer.content)
    except ValidationError:
        raise unreadable(answer) from None


def json_of(answer: httpx.Response) -> Any:
    """Read a success as JSON."""
    try:
        return answer.json()
    except ValueError:
        raise unreadable(answer) from None


async def _read(answer: httpx.Response) -> None:
    try:
        await answer.aread()
    except httpx.TransportError as problem:
        raise PostroomUnreachableError("Postroom's answer broke off.") from problem


def _harmless(request: Request, error: PostroomApiError | PostroomUnreachableError) -> bool:
    """Whether the call may be repeated after this error."""
    match error:
        case RateLimitedError():
            return True
        case InProgressError():
            return request.safe
        case ServerError(code=code):
            return request.safe and code != "internal"
        case PostroomUnreachableError():
            return request.safe or isinstance(error.__cause__, NEVER_BEGUN)
    return False


def query_of(**values: Any) -> dict[str, str]:
    """Return the query of what is not None."""
    shown = {True: "true", False: "false"}
    return {
        name: shown[value] if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }


def present(**values: Any) -> dict[str, Any]:
    """Return the body of what is not None."""
    return {name: value for name, value in values.items() if value is not None}


def at(*segments: str) -> str:
    """Return a path of these segments, whatever is in them."""
    return "".join(f"/{quote(one, safe='')}" for one in segments)
