"""A composition runs once, whoever comes first and whatever becomes of them."""

import asyncio

import pytest

from shared.edge.web.once import async_once


async def test_eight_concurrent_first_requests_compose_once() -> None:
    composed: list[int] = []

    @async_once
    async def compose() -> int:
        composed.append(1)
        await asyncio.sleep(0)
        return len(composed)

    assert await asyncio.gather(*(compose() for _ in range(8))) == [1] * 8


async def test_a_failed_composition_is_tried_again() -> None:
    attempts: list[int] = []

    @async_once
    async def compose() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError
        return "composed"

    with pytest.raises(ConnectionError):
        await compose()
    assert await compose() == "composed"


async def test_a_caller_that_hangs_up_takes_nothing_from_the_others() -> None:
    going_on = asyncio.Event()

    @async_once
    async def compose() -> str:
        await going_on.wait()
        return "composed"

    impatient, patient = asyncio.create_task(compose()), asyncio.create_task(compose())
    await asyncio.sleep(0)
    impatient.cancel()
    going_on.set()
    assert await patient == "composed"
