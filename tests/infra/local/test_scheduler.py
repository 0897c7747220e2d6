"""The laptop's scheduler, on a clock the test moves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from infra.local.scheduler import Job, Scheduler
from shared.adapters.system_clock import AdjustableClock

RECONCILE = Job("/jobs/reconcile", timedelta(minutes=1))
RENEW = Job("/jobs/renew-watches", timedelta(minutes=10))


@dataclass
class Calls:
    clock: AdjustableClock = field(default_factory=AdjustableClock)
    paths: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, path: str) -> None:
        self.paths.append(path)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.open.wait()
        self.at_once -= 1

    async def advance(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        for _ in range(20):  # every callback that the jump made ready
            await asyncio.sleep(0)


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    calls = Calls()
    calls.open.set()
    running = asyncio.create_task(Scheduler(calls.clock, calls, (RECONCILE, RENEW)).run())
    await asyncio.sleep(0)
    yield calls
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_nothing_runs_before_its_interval_has_passed(calls: Calls) -> None:
    await calls.advance(0.5)
    assert calls.paths == []


async def test_each_job_keeps_its_own_interval(calls: Calls) -> None:
    for _ in range(10):
        await calls.advance(1.01)
    assert calls.paths.count("/jobs/reconcile") == 10
    assert calls.paths.count("/jobs/renew-watches") == 1


async def test_a_jump_over_many_intervals_makes_one_run(calls: Calls) -> None:
    await calls.advance(24 * 60)
    assert sorted(calls.paths) == ["/jobs/reconcile", "/jobs/renew-watches"]


async def test_two_runs_of_one_job_never_overlap(calls: Calls) -> None:
    calls.open.clear()
    for _ in range(3):
        await calls.advance(1.01)
    assert calls.paths == ["/jobs/reconcile"]
    calls.open.set()
    await calls.advance(0)
    assert calls.most_at_once == 1
