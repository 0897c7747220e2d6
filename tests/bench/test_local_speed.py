"""What the laptop does: backfill rate and memory, a push until it is readable, the first mail."""

import asyncio
import statistics
import time
from pathlib import Path

from tests.bench.laptop import EMAIL, Laptop, laptop

MESSAGES = 2_000
PUSHES = 40


async def backfilled(machine: Laptop, connection: str) -> tuple[float, float]:
    """Wait for the backfill; answer the highest memory in MB and the seconds to 50 records."""
    peak, started, first = 0.0, time.perf_counter(), 0.0
    async with asyncio.timeout(300):
        while True:
            peak = max(peak, machine.memory_mb)
            progress = (await machine.sync(connection))["progress"]
            if progress and not first and progress["stored"] >= 50:
                first = time.perf_counter() - started
            if progress and progress["finished_at"]:
                return peak, first
            await asyncio.sleep(0.02)


async def pushed(machine: Laptop, connection: str) -> list[float]:
    """Deliver mails one after the other; answer the seconds until each is readable."""
    headers = {"Connection-Id": connection}
    took = []
    for number in range(PUSHES):
        started = time.perf_counter()
        id = await machine.deliver(number)
        while True:
            answer = await machine.api.get(
                "/records", params={"model": "EmailMessage", "ids": id}, headers=headers
            )
            if answer.json()["records"]:
                break
        took.append(time.perf_counter() - started)
    return took


async def test_backfill_and_push(tmp_path: Path) -> None:
    async with laptop(tmp_path) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": MESSAGES})
        before = machine.memory_mb
        started = time.perf_counter()
        connection = await machine.connect()
        peak, first = await backfilled(machine, connection)
        took = time.perf_counter() - started
        stored = (await machine.sync(connection))["recordCount"]["EmailMessage"]
        latencies = await pushed(machine, connection)
    assert stored == MESSAGES
    milliseconds = sorted(latency * 1_000 for latency in latencies)
    print(
        f"\nbackfill of {MESSAGES:,}: {MESSAGES / took:,.0f} messages/s, "
        f"newest 50 after {first:.2f} s, memory {before:.0f} MB before, {peak:.0f} MB at most\n"
        f"push to readable: median {statistics.median(milliseconds):.0f} ms, "
        f"worst of {PUSHES} {milliseconds[-1]:.0f} ms"
    )
