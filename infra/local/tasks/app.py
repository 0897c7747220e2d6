"""The REST face of the stand-in: `create_app` answers an ASGI application.

Queues: create, get. Tasks: create, get, list, delete. What else Cloud Tasks offers is 501.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.tasks.queue import MintToken, RateLimits, TaskQueue
from infra.local.tasks.retry import RetryConfig
from infra.local.tasks.schema import problems
from infra.local.tasks.task import RefusedError, read_task
from shared.adapters.system_clock import AdjustableClock

QUEUES = "/v2/projects/{project}/locations/{location}/queues"
TASKS = QUEUES + "/{queue}/tasks"


@dataclass(eq=False)
class CloudTasks:
    """Every queue of one stand-in. `client` reaches the targets; `mint` signs for accounts."""

    clock: AdjustableClock
    client: httpx.AsyncClient
    mint: MintToken
    queues: dict[str, TaskQueue] = field(default_factory=dict)
    _running: list[asyncio.Task[None]] | None = None

    def create_queue(
        self,
        name: str,
        *,
        rate: RateLimits | None = None,
        retry: RetryConfig | None = None,
    ) -> TaskQueue:
        """Open a queue. Raises RefusedError (409) where it exists."""
        if name in self.queues:
            raise RefusedError(409, "ALREADY_EXISTS", "Queue already exists")
        queue = TaskQueue(
            name, self.clock, self.client, self.mint, rate or RateLimits(), retry or RetryConfig()
        )
        self.queues[name] = queue
        if self._running is not None:
            self._running.append(asyncio.create_task(queue.run()))
        return queue

    def queue(self, name: str) -> TaskQueue:
        """Return a queue. Raises RefusedError (404)."""
        if name not in self.queues:
            raise RefusedError(404, "NOT_FOUND", "Requested entity was not found.")
        return self.queues[name]

    @asynccontextmanager
    async def dispatching(self) -> AsyncIterator[None]:
        """Dispatch what every queue holds, now and later, until the block ends."""
        self._running = [asyncio.create_task(queue.run()) for queue in self.queues.values()]
        try:
            yield
        finally:
            running, self._running = self._running, None
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until no task is due and none is being attempted."""
        while any(queue.busy for queue in self.queues.values()):  # noqa: ASYNC110 - many queues
            await asyncio.sleep(0.005)


def create_app(tasks: CloudTasks) -> Starlette:
    """Return the REST API over `tasks`, refusing what it does not know with 501."""
    endpoints = _Endpoints(tasks)
    routes = [
        Route(QUEUES, endpoints.create_queue, methods=["POST"]),
        Route(QUEUES + "/{queue}", endpoints.get_queue, methods=["GET"]),
        Route(TASKS, endpoints.create_task, methods=["POST"]),
        Route(TASKS, endpoints.list_tasks, methods=["GET"]),
        Route(TASKS + "/{task}", endpoints.get_task, methods=["GET"]),
        Route(TASKS + "/{task}", endpoints.delete_task, methods=["DELETE"]),
        Route("/{path:path}", _refuse_unknown),
    ]
    handlers: dict[Any, Any] = {RefusedError: _refusal, HTTPException: _unknown_verb}
    return Starlette(routes=routes, exception_handlers=handlers)


class _Endpoints:
    def __init__(self, tasks: CloudTasks) -> None:
        self._tasks = tasks

    async def create_queue(self, request: Request) -> JSONResponse:
        _require_bearer(request)
        body = _object(await request.body())
        if wrong := problems("Queue", body):
            raise RefusedError(400, "INVALID_ARGUMENT", "; ".join(wrong))
        parent = _name(request)
        if not body.get("name", "").startswith(f"{parent}/"):
            raise RefusedError(400, "INVALID_ARGUMENT", f"Queue.name must begin with {parent}/")
        rate, retry = _rate(body.get("rateLimits", {})), _retry(body.get("retryConfig", {}))
        return JSONResponse(
            _queue_fields(self._tasks.create_queue(body["name"], rate=rate, retry=retry))
        )

    async def get_queue(self, request: Request) -> JSONResponse:
        _require_bearer(request)
        return JSONResponse(_queue_fields(self._tasks.queue(_name(request))))

    async def create_task(self, request: Request) -> JSONResponse:
        _require_bearer(request)
        queue = self._tasks.queue(_name(request, "/tasks"))
        task = read_task(queue.name, await request.body(), self._tasks.clock.now())
        return JSONResponse(queue.create(task).basic_view())

    async def list_tasks(self, request: Request) -> JSONResponse:
        _require_bearer(request)
        queue = self._tasks.queue(_name(request, "/tasks"))
        shown = [task.basic_view() for task in queue.tasks.values()]
        return JSONResponse({"tasks": shown} if shown else {})

    async def get_task(self, request: Request) -> JSONResponse:
        _require_bearer(request)
        queue, name = self._queue_of_task(request)
        return JSONResponse(queue.find(name).basic_view())

    async def delete_task(self, request: Request) -> JSONResponse:
        _require_bearer(request)
        queue, name = self._queue_of_task(request)
        queue.delete(name)
        return JSONResponse({})

    def _queue_of_task(self, request: Request) -> tuple[TaskQueue, str]:
        name = _name(request)
        return self._tasks.queue(name.rpartition("/tasks/")[0]), name


def _name(request: Request, suffix: str = "/queues") -> str:
    return request.url.path.removeprefix("/v2/").removesuffix(suffix)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
    return body


def _rate(limits: Mapping[str, Any]) -> RateLimits:
    default = RateLimits()
    return RateLimits(
        limits.get("maxDispatchesPerSecond", default.max_dispatches_per_second),
        limits.get("maxConcurrentDispatches", default.max_concurrent_dispatches),
    )


def _retry(config: Mapping[str, Any]) -> RetryConfig:
    default = RetryConfig()
    return RetryConfig(
        config.get("maxAttempts", default.max_attempts),
        _duration(config.get("minBackoff"), default.min_backoff),
        _duration(config.get("maxBackoff"), default.max_backoff),
        config.get("maxDoublings", default.max_doublings),
    )


def _duration(text: str | None, default: timedelta) -> timedelta:
    return default if text is None else timedelta(seconds=float(text.removesuffix("s")))


def _queue_fields(queue: TaskQueue) -> dict[str, Any]:
    return {
        "name": queue.name,
        "rateLimits": {
            "maxDispatchesPerSecond": queue.rate.max_dispatches_per_second,
            "maxConcurrentDispatches": queue.rate.max_concurrent_dispatches,
        },
        "retryConfig": {
            "maxAttempts": queue.retry.max_attempts,
            "minBackoff": f"{queue.retry.min_backoff.total_seconds():g}s",
            "maxBackoff": f"{queue.retry.max_backoff.total_seconds():g}s",
            "maxDoublings": queue.retry.max_doublings,
        },
        "state": "RUNNING",
    }


def _require_bearer(request: Request) -> None:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise RefusedError(
            401, "UNAUTHENTICATED", "Request is missing required authentication credential."
        )


def _refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedError)
    body = {"error": {"code": error.code, "message": str(error), "status": error.status}}
    return JSONResponse(body, status_code=error.code)


async def _refuse_unknown(request: Request) -> JSONResponse:
    raise RefusedError(501, "UNIMPLEMENTED", f"{request.method} {request.url.path}")


async def _unknown_verb(request: Request, _error: Exception) -> JSONResponse:
    """Return for a custom method such as `queues/x:purge`, whose path looks like a queue's."""
    refused = RefusedError(501, "UNIMPLEMENTED", f"{request.method} {request.url.path}")
    return _refusal(request, refused)
