"""The laptop's Cloud Scheduler: posts to a path at fixed intervals of the adjustable clock."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from shared.adapters.system_clock import AdjustableClock


@dataclass(frozen=True, slots=True)
class Job:
    """A path to call, and how often."""

    path: str
    every: timedelta


JOBS = (
    Job("/jobs/reconcile", timedelta(minutes=1)),
    Job("/jobs/renew-watches", timedelta(minutes=1)),
    Job("/jobs/tend-grants", timedelta(days=1)),
    Job("/jobs/rotate-keys", timedelta(days=1)),
    Job("/jobs/prune-deleted", timedelta(days=1)),
)


class Scheduler:
    """Runs each job once per interval, never two runs of one job at once (FACTS 8.12).

    A time jump over many intervals makes one run, as a scheduler that was down does.
    """

    def __init__(
        self,
        clock: AdjustableClock,
        call: Callable[[str], Awaitable[None]],
        jobs: tuple[Job, ...] = JOBS,
    ) -> None:
        self._clock = clock
        self._call = call
        self._next = {job: clock.now() + job.every for job in jobs}
        self._running: set[Job] = set()

    async def run(self) -> None:
        """Call the jobs until cancelled."""
        async with asyncio.TaskGroup() as group:
            for job in self._next:
                group.create_task(self._repeat(job))

    @property
    def busy(self) -> bool:
        """Whether a job is running or due."""
        now = self._clock.now()
        return bool(self._running) or any(due <= now for due in self._next.values())

    async def _repeat(self, job: Job) -> None:
        while True:
            await self._clock.sleep_until(self._next[job])
            self._running.add(job)
            self._next[job] = self._clock.now() + job.every
            try:
                await self._call(job.path)
            finally:
                self._running.discard(job)
