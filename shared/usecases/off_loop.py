"""Work on what strangers wrote, without holding up whatever else this process does.

Every parser of mail takes time in proportion to its input, and a large mail is megabytes. A small
one is read at once, between two turns of the event loop; a large one in a thread.
"""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from shared.domain.sync.records.record import Record

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE: Final = 32 * 1024
"""Bytes that even the costliest parser reads in a few hundredths of a second."""


async def off_loop(size: int, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Return what `work` makes of input of that many bytes; nothing else waits for it."""
    if size > AT_ONCE:
        return await asyncio.to_thread(work, *args, **options)
    await asyncio.sleep(0)
    return work(*args, **options)


def stored_weight(record: Record) -> int:
    """Return how many bytes a stored record has at least, once it is unpacked."""
    return len(record.payload) * 4
