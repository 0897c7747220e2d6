"""The laptop's Cloud Tasks dispatcher: posts due tasks of a SqliteQueue to our own paths."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from infra.local.tasks.retry import RetryConfig
from infra.local.waiting import woken_or_due
from shared.adapters.sqlite.queue import ClaimedTask, SqliteQueue
from shared.adapters.system_clock import AdjustableClock
from shared.errors import QueueUnavailableError
from shared.ports.queue import QueueName

RETRY = RetryConfig(min_backoff=timedelta(seconds=0.5), max_backoff=timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt came to; `status` 0 is no answer at all."""

    status: int
    retry_after: timedelta = timedelta()

    @property
    def accepted(self) -> bool:
        """Whether the task is done: any 2xx (FACTS 8.10)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own numbers


Post = Callable[[ClaimedTask], Awaitable[Answer]]
"""One attempt; it answers and does not raise."""


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How many attempts of one queue run at once, and when failed ones run again."""

    concurrency: int
    retry: RetryConfig = RETRY


POLICIES = {
    QueueName.LIVE: QueuePolicy(concurrency=16),
    QueueName.BULK: QueuePolicy(concurrency=2),
    QueueName.EVENTS: QueuePolicy(concurrency=40),
    QueueName.MODELS: QueuePolicy(concurrency=4),
    QueueName.RETRIES: QueuePolicy(concurrency=10),
}


class Dispatcher:
    """Sleeps until a task arrives or falls due, then attempts it within milliseconds."""

    def __init__(self, queue: SqliteQueue, clock: AdjustableClock, post: Post) -> None:
        self._clock = clock
        self._lines = [_Line(queue, clock, post, name, POLICIES[name]) for name in QueueName]

    async def run(self) -> None:
        """Dispatch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for line in self._lines:
                group.create_task(line.run())

    @property
    def busy(self) -> bool:
        """Whether an attempt is under way or a task is due."""
        return any(line.busy for line in self._lines)


@dataclass(eq=False)
class _Line:
    """One queue's attempts."""

    queue: SqliteQueue
    clock: AdjustableClock
    post: Post
    name: QueueName
    policy: QueuePolicy
    running: set[asyncio.Task[None]] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def busy(self) -> bool:
        return bool(self.running) or self._due()

    async def run(self) -> None:
        stop = self.queue.listen(self.woken.set)
        try:
            while True:
                self.woken.clear()
                self._start_due()
                await self._rest()
        finally:
            stop()
            for attempt in self.running:
                attempt.cancel()

    def _start_due(self) -> None:
        free = self.policy.concurrency - len(self.running)
        for claimed in self.queue.claim(self.name, free) if free > 0 else ():
            attempt = asyncio.create_task(self._attempt(claimed))
            self.running.add(attempt)
            attempt.add_done_callback(self._note_end)

    def _note_end(self, attempt: asyncio.Task[None]) -> None:
        self.running.discard(attempt)
        self.woken.set()

    async def _attempt(self, claimed: ClaimedTask) -> None:
        answer = await self.post(claimed)
        # a closed file is a crash being played: the claim is void after the restart
        with suppress(QueueUnavailableError):
            if answer.accepted or self.policy.retry.is_exhausted(claimed.attempt):
                self.queue.finish(claimed)
                return
            pause = max(self.policy.retry.backoff(claimed.attempt), answer.retry_after)
            self.queue.postpone(claimed, self.clock.now() + pause)

    def _due(self) -> bool:
        due = self.queue.next_due_at(self.name)
        return due is not None and due <= self.clock.now()

    async def _rest(self) -> None:
        """Wait for a new task, a free place, or the next due time, time jumps included."""
        full = len(self.running) >= self.policy.concurrency
        due = None if full else self.queue.next_due_at(self.name)
        await woken_or_due(self.woken, self.clock, due)
