"""Time that only moves forward, and sleepers that notice."""

import asyncio
from datetime import timedelta

import pytest

from shared.adapters.system_clock import AdjustableClock, SystemClock

HOUR = timedelta(hours=1)


async def test_a_jump_wakes_the_sleepers_whose_moment_has_come() -> None:
    clock = AdjustableClock()
    short = asyncio.create_task(clock.sleep(HOUR))
    long = asyncio.create_task(clock.sleep(3 * HOUR))
    await asyncio.sleep(0)
    clock.advance(2 * HOUR)
    async with asyncio.timeout(5):
        await short
    assert not long.done()
    clock.advance(HOUR)
    async with asyncio.timeout(5):
        await long


async def test_real_time_passes_on_both_clocks() -> None:
    for clock in (AdjustableClock(), SystemClock()):
        before = clock.now()
        await clock.sleep(timedelta(milliseconds=2))
        assert clock.now() - before >= timedelta(milliseconds=2)
        assert before.tzinfo is not None


async def test_time_never_moves_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        AdjustableClock().advance(-HOUR)


async def test_whoever_listens_hears_of_a_jump() -> None:
    clock, heard = AdjustableClock(), []
    clock.on_advance.append(lambda: heard.append(clock.now()))
    clock.advance(HOUR)
    assert len(heard) == 1
