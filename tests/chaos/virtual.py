"""Time that moves only when somebody waits, and the emulated Google without a socket."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import orjson

from infra.local.google.dispatch import Asked, Dispatcher
from infra.local.google.parts import Google
from shared.adapters.system_clock import AdjustableClock

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = timedelta(microseconds=20)
"""What a look at the clock takes, so that no two moments are the same."""


class VirtualClock(AdjustableClock):
    """Whoever sleeps moves it: hours pass in no time, and every run goes the same way."""

    def __init__(self) -> None:
        super().__init__()
        self._now = START

    def now(self) -> datetime:
        """Return the virtual time."""
        self._now += TICK
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move time forward."""
        self._now += max(step, timedelta())
        for listener in self.on_advance:
            listener()

    async def sleep(self, duration: timedelta) -> None:
        """Let the time pass at once, and others run."""
        self.advance(duration)
        await asyncio.sleep(0)


class StraightTransport(httpx.AsyncBaseTransport):
    """Hands requests to the emulated Gmail's dispatcher; faults drop connections as on a wire."""

    def __init__(self, google: Google, clock: VirtualClock) -> None:
        self._dispatcher = Dispatcher(google)
        self._clock = clock
        self.behave()

    def behave(self) -> None:
        """Be as quick and truthful as Gmail at its best."""
        self.unlisted: set[str] = set()
        """Ids that listings leave out, though a get finds them (FACTS 4.3)."""
        self.each_call_takes = timedelta()
        self.page_size = 500
        """Most entries of a page, whatever is asked."""
        self.meanwhile: Callable[[str], Awaitable[None]] | None = None
        """Told the path of each call before it arrives: something may happen first."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Serve one request; others run before it arrives and before its answer does."""

        async def read(limit: int) -> bytes:
            return bytes(request.content)

        url = request.url
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = url.query.decode("latin-1").replace("=500", f"={self.page_size}")
        await self._clock.sleep(self.each_call_takes)
        if self.meanwhile is not None:
            await self.meanwhile(url.path)
        asked = Asked(request.method, url.path, query, headers, read)
        answer = await self._dispatcher.answer(asked)
        await asyncio.sleep(0)
        content = self._without_unlisted(url.path, answer.content)
        return httpx.Response(answer.status, headers=answer.headers, content=content)

    def _without_unlisted(self, path: str, content: bytes) -> bytes:
        if not self.unlisted or not path.endswith("/messages"):
            return content
        listing = orjson.loads(content)
        found = listing.get("messages", [])
        listing["messages"] = [ref for ref in found if ref["id"] not in self.unlisted]
        return orjson.dumps(listing)
