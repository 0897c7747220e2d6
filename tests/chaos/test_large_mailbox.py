"""A mailbox of a hundred thousand messages takes longer than a small one, not more memory.

Postroom and the emulated Google are processes of their own, so that what is weighed is Postroom.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.client import Postroom
from tests.bench.laptop import EMAIL, Laptop, laptop

LOOK_S = 1.0
SETTLED = 10
"""Part of the mailbox, one in so many messages, after which memory may hardly grow."""
MAY_GROW = 1.15
MESSAGES = 100_000


@pytest.mark.deep
@pytest.mark.timeout(2_400)
async def test_a_backfill_of_a_hundred_thousand_messages_holds_memory_flat(tmp_path: Path) -> None:
    async with laptop(tmp_path) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": MESSAGES})
        connection = await machine.connect()
        early = late = 0.0
        async for stored, megabytes in _growth(machine, connection):
            if stored <= MESSAGES / SETTLED:
                early = max(early, megabytes)
            late = max(late, megabytes)
        read = await _read_by_cursor(Postroom.over(machine.api), connection)
        print(f"{MESSAGES} messages: {early:.0f} MB after a tenth, at most {late:.0f} MB")
        assert read == MESSAGES
        assert late < early * MAY_GROW


async def _growth(machine: Laptop, connection: str) -> AsyncIterator[tuple[int, float]]:
    """Yield what is stored and Postroom's memory in megabytes, until the backfill is done."""
    while True:
        progress = (await machine.sync(connection))["progress"] or {}
        yield progress.get("stored", 0), machine.memory_mb
        if progress.get("finished_at"):
            return
        await asyncio.sleep(LOOK_S)


async def _read_by_cursor(client: Postroom, connection: str) -> int:
    """Return how many messages a product reads that follows the cursor from the beginning."""
    seen: set[str] = set()
    async for page in client.records.pages(connection, None):
        seen.update(record["id"] for record in page.records)
    return len(seen)
