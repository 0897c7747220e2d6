"""One queue of the stand-in: schedule, name deduplication, pace, concurrency and retries."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from infra.local.tasks.retry import RetryConfig, retry_after
from infra.local.tasks.task import RefusedError, TaskInQueue
from infra.local.waiting import woken_or_due
from shared.adapters.system_clock import AdjustableClock

NAME_KEPT = timedelta(hours=24)  # FACTS 8.11
THROTTLING = frozenset({429, 503})  # FACTS 8.10
MintToken = Callable[[str, str], Awaitable[str]]
"""(service account, audience) -> a signed OIDC token."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Cloud Tasks' defaults (FACTS 8.10)."""

    max_dispatches_per_second: float = 500
    max_concurrent_dispatches: int = 1000


@dataclass(eq=False)
class TaskQueue:
    """Accepts tasks and dispatches them while `run` runs; all of it lives in memory."""

    name: str
    clock: AdjustableClock
    client: httpx.AsyncClient
    mint: MintToken
    rate: RateLimits = field(default_factory=RateLimits)
    retry: RetryConfig = field(default_factory=RetryConfig)
    tasks: dict[str, TaskInQueue] = field(default_factory=dict)
    spent_names: dict[str, datetime] = field(default_factory=dict)
    _running: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _throttled_until: datetime | None = None
    _next_dispatch: float = 0.0

    def create(self, task: TaskInQueue) -> TaskInQueue:
        """Accept a task. Raises RefusedError (409) for a name in use or spent within a day."""
        if task.name in self.tasks:
            raise RefusedError(409, "ALREADY_EXISTS", "Requested entity already exists")
        if self.spent_names.get(task.name, self.clock.now()) > self.clock.now():
            raise RefusedError(409, "ALREADY_EXISTS", "A task with this name existed too recently.")
        self.tasks[task.name] = task
        self._woken.set()
        return task

    def find(self, name: str) -> TaskInQueue:
        """Return a task. Raises RefusedError (404)."""
        if name not in self.tasks:
            raise RefusedError(404, "NOT_FOUND", "The task does not exist.")
        return self.tasks[name]

    def delete(self, name: str) -> None:
        """Remove a task, dispatched or not; its name stays spent. Raises RefusedError (404)."""
        self._forget(self.find(name))

    @property
    def busy(self) -> bool:
        """Whether an attempt is under way or a task is due."""
        now = self.clock.now()
        return bool(self._running) or any(task.due <= now for task in self.tasks.values())

    async def run(self) -> None:
        """Dispatch until cancelled."""
        try:
            while True:
                self._woken.clear()
                await self._dispatch_due()
                await self._rest()
        finally:
            for attempt in self._running.values():
                attempt.cancel()

    async def _dispatch_due(self) -> None:
        while (task := self._next_due()) is not None:
            self._running[task.name] = asyncio.create_task(self._attempt(task))
            await self._pace()

    def _next_due(self) -> TaskInQueue | None:
        now = self.clock.now()
        if self._throttled_until is not None and now < self._throttled_until:
            return None
        if len(self._running) >= self.rate.max_concurrent_dispatches:
            return None
        due = [one for one in self._idle() if one.due <= now]
        return min(due, key=lambda one: one.due, default=None)

    def _idle(self) -> list[TaskInQueue]:
        return [one for one in self.tasks.values() if one.name not in self._running]

    async def _pace(self) -> None:
        """Leave 1/rate between two dispatches, in real time."""
        now = time.monotonic()
        wait = max(0.0, self._next_dispatch - now)
        self._next_dispatch = max(now, self._next_dispatch) + 1 / (
            self.rate.max_dispatches_per_second
        )
        await asyncio.sleep(wait)

    async def _attempt(self, task: TaskInQueue) -> None:
        try:
            task.attempts += 1
            status, asked = await self._post(task)
            self._settle(task, status, asked)
        finally:
            self._running.pop(task.name, None)
            self._woken.set()

    def _settle(self, task: TaskInQueue, status: int, asked: timedelta) -> None:
        task.last_status = status
        if 200 <= status < 300 or self.retry.is_exhausted(task.attempts):  # noqa: PLR2004 - HTTP's own numbers
            self._forget(task)
            return
        pause = max(asked, self.retry.backoff(task.attempts))
        task.due = self.clock.now() + pause
        if status in THROTTLING:
            self._throttled_until = task.due

    async def _post(self, task: TaskInQueue) -> tuple[int, timedelta]:
        """Make one attempt; status 0 is no answer within the deadline."""
        with suppress(httpx.HTTPError, TimeoutError):
            async with asyncio.timeout(task.deadline.total_seconds()):
                answer = await self.client.request(
                    task.method,
                    task.url,
                    content=task.body,
                    headers=await self._headers(task),
                    timeout=None,  # the task's own deadline is around this
                )
                asked = retry_after(answer.headers.get("retry-after"), self.clock.now())
                return answer.status_code, asked
        return 0, timedelta()

    async def _headers(self, task: TaskInQueue) -> dict[str, str]:
        headers = {
            **task.headers,
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": self.name.rpartition("/")[2],
            "X-CloudTasks-TaskName": task.task_id,
            "X-CloudTasks-TaskRetryCount": str(task.attempts - 1),
            "X-CloudTasks-TaskExecutionCount": str(task.attempts - 1),
            "X-CloudTasks-TaskETA": f"{task.scheduled.timestamp():.6f}",
        }
        if task.last_status:
            headers["X-CloudTasks-TaskPreviousResponse"] = str(task.last_status)
        if task.service_account is not None:
            token = await self.mint(task.service_account, task.audience)
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _forget(self, task: TaskInQueue) -> None:
        if self.tasks.pop(task.name, None) is not None:
            self.spent_names[task.name] = self.clock.now() + NAME_KEPT

    async def _rest(self) -> None:
        due = None
        if len(self._running) < self.rate.max_concurrent_dispatches and (idle := self._idle()):
            due = min(one.due for one in idle)
            due = max(due, self._throttled_until or due)
        await woken_or_due(self._woken, self.clock, due)
