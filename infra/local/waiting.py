"""Waiting for whichever comes first: a wake-up call, or a moment of the adjustable clock."""

import asyncio
from datetime import datetime
from typing import Any

from shared.adapters.system_clock import AdjustableClock


async def woken_or_due(woken: asyncio.Event, clock: AdjustableClock, due: datetime | None) -> None:
    """Return when `woken` is set or the clock shows `due`; None waits for the event alone."""
    waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(woken.wait())}
    if due is not None:
        waits.add(asyncio.ensure_future(clock.sleep_until(due)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
