"""`transport.py` without asyncio, made by `python -m infra.blocking_client`."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from ..errors import PostroomApiError, PostroomUnreachableError, error_of
from ..transport import A, Request, RetryPolicy, _harmless, json_of, parse_response


@dataclass(frozen=True, slots=True)
class Transport:
    """The way to one Postroom with one API key."""

    http: httpx.Client
    retry_policy: RetryPolicy = RetryPolicy()

    def read(self, request: Request, model: type[A]) -> A:
        """Return what came, as a model. Raises PostroomApiError, PostroomUnreachableError."""
        return parse_response(self.answer(request), model)

    def json(self, request: Request) -> Any:
        """Return JSON that has no model. Raises as `read` does."""
        return json_of(self.answer(request))

    def answer(self, request: Request) -> httpx.Response:
        """Return a whole response that is a success. Raises as `read` does."""
        with self.stream(request) as answer:
            _read(answer)
            return answer

    @contextmanager
    def stream(self, request: Request) -> Iterator[httpx.Response]:
        """Open a response whose body is read in the block; a broken body raises httpx's error."""
        answer = self._send_retrying(request)
        try:
            yield answer
        finally:
            answer.close()

    def _send_retrying(self, request: Request) -> httpx.Response:
        for past in range(self.retry_policy.tries - 1):
            try:
                return self._once(request)
            except (PostroomApiError, PostroomUnreachableError) as error:
                wait = self._wait(past, error)
                if not _harmless(request, error) or wait > self.retry_policy.longest_wait:
                    raise
                time.sleep(wait.total_seconds())
        return self._once(request)

    def _wait(self, past: int, error: PostroomApiError | PostroomUnreachableError) -> timedelta:
        asked = error.retry_after if isinstance(error, PostroomApiError) else None
        spread = 0.5 + random.random()  # noqa: S311  it spreads callers out, and guards nothing
        return asked or min(
            self.retry_policy.first_wait * 2**past * spread, self.retry_policy.longest_wait
        )

    def _once(self, request: Request) -> httpx.Response:
        built = self.http.build_request(
            request.method,
            request.path,
            params=request.query,
            json=request.body,
            content=request.content,
            headers=request.all_headers,
        )
        try:
            answer = self.http.send(built, stream=True)
        except httpx.TransportError as problem:
            raise PostroomUnreachableError("Postroom did not answer.") from problem
        if answer.is_success:
            return answer
        try:
            _read(answer)
        finally:
            answer.close()
        raise error_of(answer)


def _read(answer: httpx.Response) -> None:
    try:
        answer.read()
    except httpx.TransportError as problem:
        raise PostroomUnreachableError("Postroom's answer broke off.") from problem
