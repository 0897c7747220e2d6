"""Run an async composition exactly once, however many requests arrive first.

`functools.cache` on a coroutine function is not that: eight concurrent first requests composed
eight times. A composition that failed is tried again by the next caller.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class AsyncOnce(Generic[T]):
    """A composition and its single result; callers meanwhile wait for the first."""

    def __init__(self, compose: Callable[[], Awaitable[T]]) -> None:
        self._compose = compose
        self._under_way: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        """Return the composed value. Raises what the composition raised."""
        if self._under_way is None:
            self._under_way = asyncio.ensure_future(self._run())
        # shielded: a caller that hangs up must not cancel the work the others wait for
        return await asyncio.shield(self._under_way)

    async def _run(self) -> T:
        try:
            return await self._compose()
        except BaseException:
            self._under_way = None
            raise


def async_once(compose: Callable[[], Awaitable[T]]) -> AsyncOnce[T]:
    """Decorate an async function without arguments."""
    return AsyncOnce(compose)
