"""The end of an instance: what is open is closed between SIGTERM and the end of the process.

The framework runs no shutdown hook (FACTS 16.1), and its worker ends by the signal itself as soon
as the server has stopped: so this is done while the server still runs, or still stops.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Final

from shared.ports.container import RequestsInFlight

CLOSING_S: Final = 5
"""Of the ten seconds that an instance has after SIGTERM (FACTS 8.1)."""

log = logging.getLogger(__name__)


def close_at_sigterm(in_flight: RequestsInFlight, close: Callable[[], Awaitable[None]]) -> None:
    """Call `close` at SIGTERM, with the last answer where one is under way, then stop as before.

    Called in the event loop of a server that has its own handler of that signal; without one, or
    outside the main thread, the process is not ours to end.
    """
    stop = signal.getsignal(signal.SIGTERM)
    loop = asyncio.get_running_loop()
    if not callable(stop):
        return

    async def end() -> None:
        if in_flight.count:
            in_flight.handovers.append(lambda: _close(close))
        else:
            await _close(close)
        stop(signal.SIGTERM, None)

    tasks: list[asyncio.Task[None]] = []

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(end())))

    signal.signal(signal.SIGTERM, on_signal)


async def _close(close: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(CLOSING_S):
            await close()
    except Exception as error:  # noqa: BLE001  the process ends whatever happens here
        log.warning("not closed well", extra={"error": type(error).__name__})
