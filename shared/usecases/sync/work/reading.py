"""Reading what strangers wrote, without holding up whatever else this process does.

Every parser of mail takes time in proportion to its input, and a large mail is megabytes. A small
one is read at once, between two turns of the event loop; a large one in a thread.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, TypeVar

from shared.domain.mail.reading.email_message import EmailMessage, read_message
from shared.domain.mail.reading.email_parts import as_count
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


async def read(
    message: Mapping[str, Any], bodies: Mapping[str, bytes] | None = None
) -> EmailMessage:
    """Return what `read_message` does."""
    return await off_loop(weight(message), read_message, message, bodies)


def weight(message: Mapping[str, Any]) -> int:
    """Return how many bytes a message of Gmail's has; one that does not say counts as large."""
    return as_count(message.get("sizeEstimate")) or AT_ONCE + 1


def stored_weight(record: Record) -> int:
    """Return how many bytes a stored record has at least, once it is unpacked."""
    return len(record.payload) * 4
