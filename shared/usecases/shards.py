"""A look through every shard for what is due."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.domain.sync_state import SHARDS

SHARDS_AT_ONCE = 8
"""Enough to hide the store's latency, few enough to leave it room for others."""


async def through_shards(look: Callable[[int], Awaitable[int]]) -> int:
    """Answer the sum of what `look` counted in each shard. Raises what it raises."""
    found = 0
    for start in range(0, SHARDS, SHARDS_AT_ONCE):
        shards = range(start, min(start + SHARDS_AT_ONCE, SHARDS))
        found += sum(await asyncio.gather(*map(look, shards)))
    return found
